// `npm start`: sets up what is missing, builds what is out of date, runs the product.
import { main } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";

const started = Date.now();

await main(async () => {
  await begin();
  // Only now are the packages there that these need.
  const { product } = await import("./product.mjs");
  await product(started);
});
