/** `npm run bundle`: the service and all that it needs in one file. */
module.exports = {
  mode: "production",
  target: "node20",
  entry: "./src/index.ts",
  output: { filename: "bundle.js" },
  module: { rules: [{ test: /\.ts$/, loader: "ts-loader", exclude: /\.test\.ts$/ }] },
  resolve: { extensions: [".ts", ".js"] },
  ignoreWarnings: [/the request of a dependency is an expression/],
};
