const dishes = ["lentil soup", "noodles", "potato salad", "curry", "fish", "pancakes", "leftovers"];

/** The dish of a weekday, from 0 for Sunday to 6 for Saturday. */
export function dishOf(weekday) {
  return dishes[(weekday + 6) % 7];
}
