const departures = ["06:10", "07:40", "09:10", "12:40", "15:10", "17:40", "21:10"];

/** The first departure at or after a time such as "08:30"; tomorrow's first one where today has none left. */
export function nextBus(time) {
  return departures.find((departure) => departure >= time) ?? departures[0];
}
