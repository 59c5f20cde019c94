/** Bundles the widget to dist/widget.js and fails above its size limit; with --tests, bundles the tests for Node. */

import { readFile, readdir, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const LIMIT = 15_000; // bytes, gzipped
const BUNDLE = "dist/widget.js";

/** Members of ours that other files use, of a kind no browser, frame or store has: renamed as well. */
const SHARED_NAMES = [
  "handle[A-Z]\\w*",
  ..."setTimer openSocket lastSeen inOrder hasVisitorWritten showTyping showStatus scrollToEnd socket_failures".split(" "),
  ..."failures rejections offer_token ready_for describeFailure acknowledged arrived isOpen composer asked".split(" "),
  ..."listener owner launcher findStore describePage answerWithThis chooseFile newest notSent tooLong tooFast queued readMore newTab within failure".split(" "),
];

const styleText = {
  name: "style-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/**
 * The private and protected members that may be renamed: those no file reaches but as `this.name`, so that no name of the DOM, of the
 * protocol or of the store is ever among them.
 */
async function findPrivateNames() {
  const files = (await readdir("src")).filter((name) => name.endsWith(".ts"));
  const sources = await Promise.all(files.map((name) => readFile(`src/${name}`, "utf8")));
  const names = new Set(sources.flatMap((source) => [...source.matchAll(/\b(?:private|protected) (?:readonly |get |async |abstract )*(\w+)/g)].map((match) => match[1])));
  // Without the types, whose names mean nothing at run time.
  const plain = await Promise.all(sources.map((source) => transform(source, { loader: "ts", target: "es2020" })));
  const used = plain.map(({ code }) => code).join("\n").replace(/\bthis\??\.\w+|__publicField\(this, "\w+"/g, "");
  return [...names].filter((name) => !new RegExp(`\\.${name}\\b|["'\`]${name}["'\`]|[{,?]\\s*${name}\\s*[,}:]`).test(used));
}

async function buildTests() {
  await rm(".test", { recursive: true, force: true });
  const entryPoints = (await readdir("test")).filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  await build({ entryPoints, outdir: ".test", bundle: true, platform: "node", format: "esm", packages: "external" });
}

async function buildWidget() {
  const target = ["chrome105", "edge105", "firefox110", "safari16.4"];
  const mangleProps = new RegExp(`^(${[...(await findPrivateNames()), ...SHARED_NAMES].join("|")})$`);
  await build({ entryPoints: ["src/main.ts"], outfile: BUNDLE, bundle: true, minify: true, mangleProps, format: "iife", target, plugins: [styleText] });
  const bundle = await readFile(BUNDLE);
  const size = gzipSync(bundle, { level: 9 }).length;
  console.log(`${BUNDLE}: ${bundle.length} bytes, ${size} gzipped (limit ${LIMIT})`);
  if (size > LIMIT) {
    console.error(`The widget is ${size - LIMIT} bytes over its limit.`);
    process.exit(1);
  }
}

await (process.argv.includes("--tests") ? buildTests() : buildWidget());
