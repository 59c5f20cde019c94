/** Bundles the widget to dist/widget.js and fails above its size limit; with --tests, bundles the tests for Node. */

import { readFile, readdir, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const LIMIT = 15_000; // bytes, gzipped
const BUNDLE = "dist/widget.js";

const styleText = {
  name: "style-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

async function buildTests() {
  await rm(".test", { recursive: true, force: true });
  const entryPoints = (await readdir("test")).filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  await build({ entryPoints, outdir: ".test", bundle: true, platform: "node", format: "esm", packages: "external" });
}

async function buildWidget() {
  const target = ["chrome105", "edge105", "firefox110", "safari16.4"];
  await build({ entryPoints: ["src/main.ts"], outfile: BUNDLE, bundle: true, minify: true, format: "iife", target, plugins: [styleText] });
  const bundle = await readFile(BUNDLE);
  const size = gzipSync(bundle, { level: 9 }).length;
  console.log(`${BUNDLE}: ${bundle.length} bytes, ${size} gzipped (limit ${LIMIT})`);
  if (size > LIMIT) {
    console.error(`The widget is ${size - LIMIT} bytes over its limit.`);
    process.exit(1);
  }
}

await (process.argv.includes("--tests") ? buildTests() : buildWidget());
