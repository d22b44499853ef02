export interface Ship {
  name: string;
  hour: number;
  berth: string;
}

const ships: readonly Ship[] = [
  { name: "Albatross", hour: 6, berth: "north 2" },
  { name: "Dovekie", hour: 11, berth: "south 1" },
  { name: "Kittiwake", hour: 15, berth: "north 1" },
  { name: "Petrel", hour: 21, berth: "south 3" },
];

/** The ships that come in from an hour on, until midnight. */
export function after(hour: number): readonly Ship[] {
  return ships.filter((ship) => ship.hour >= hour);
}
