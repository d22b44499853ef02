// A line of the last readings; it says nothing that is not written beside it, so screen readers do not meet it.

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 120;
const HEIGHT = 22;
const MOST = 60; // readings

export class Spark {
  readonly node = document.createElementNS(NAMESPACE, "svg");
  private readonly line = document.createElementNS(NAMESPACE, "path");
  private readonly values: number[] = [];

  constructor() {
    this.node.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.node.setAttribute("class", "spark");
    this.node.setAttribute("aria-hidden", "true");
    this.node.setAttribute("preserveAspectRatio", "none");
    this.node.append(this.line);
  }

  /** Add a reading; `full` is what fills the height, unless there was more. */
  add(value: number, full: number) {
    this.values.push(value);
    if (this.values.length > MOST) this.values.shift();
    this.line.setAttribute("d", path(this.values, full));
  }
}

/** The path of some readings, the newest at the right. */
export const path = (values: number[], full: number) => {
  const top = Math.max(full, ...values) || 1;
  const step = WIDTH / (MOST - 1);
  const first = WIDTH - step * (values.length - 1);
  const points = values.map((value, at) => {
    const y = HEIGHT - 1 - (value / top) * (HEIGHT - 2);
    return `${(first + at * step).toFixed(1)} ${y.toFixed(1)}`;
  });
  return points.length ? `M${points.join("L")}` : "";
};
