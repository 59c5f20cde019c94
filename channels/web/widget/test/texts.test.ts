import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decideInk, luminance } from "../src/color";
import { cleanText, countCharacters, describeLength, isTooLong } from "../src/limits";
import { checkAddress, splitLinks } from "../src/links";

test("splitting a text into links loses no character and links only http and https", () => {
  const words = fc.array(fc.constantFrom("https://a.example/x", "http://b", "javascript:alert(1)", "<b>", ").", " ", "é", "(https://c.example/(d))"));
  fc.assert(
    fc.property(fc.oneof(fc.string(), words.map((each) => each.join(" "))), (text) => {
      const pieces = splitLinks(text);
      assert.equal(pieces.map((piece) => piece.text).join(""), text);
      for (const { href } of pieces) assert.ok(href === null || /^https?:\/\//.test(href));
    }),
  );
});

test("punctuation after an address belongs to the sentence, a bracket opened inside belongs to the address", () => {
  const linked = (text: string): string[] => splitLinks(text).filter((piece) => piece.href !== null).map((piece) => piece.text);
  assert.deepEqual(linked("See https://a.example/b."), ["https://a.example/b"]);
  assert.deepEqual(linked("(see https://a.example/b)"), ["https://a.example/b"]);
  assert.deepEqual(linked("https://a.example/b_(c)"), ["https://a.example/b_(c)"]);
  assert.deepEqual(linked("https://a.example/b?q=1, https://c.example"), ["https://a.example/b?q=1", "https://c.example"]);
});

test("a source that is no web address is never a link", () => {
  for (const address of ["javascript:alert(1)", "data:text/html,x", "/pricing", "", null]) assert.equal(checkAddress(address), null);
  assert.equal(checkAddress("https://a.example"), "https://a.example/");
});

test("text is limited by characters as the server counts them, and by the size of the frame", () => {
  assert.equal(isTooLong("x".repeat(4_000)), false);
  assert.equal(isTooLong("x".repeat(4_001)), true);
  assert.equal(isTooLong(` ${"x".repeat(4_000)}\n`), false);
  assert.equal(countCharacters("👍🏽é"), 3);
  assert.equal(isTooLong("👍".repeat(3_900)), false);
  assert.equal(isTooLong("\\👍".repeat(1_990)), false);
  assert.equal(isTooLong("👍".repeat(2_600) + "\"".repeat(1_400)), false);
  assert.equal(isTooLong("👍".repeat(3_980) + "\"".repeat(20)), true);
});

test("what the server could not store is not sent, and everything else is", () => {
  assert.equal(cleanText("\0\x1c\ud800 \u0085"), "");
  assert.equal(cleanText(" a\r\n\tb 👩🏽‍🚀 مرحبا\n"), "a\n\tb 👩🏽‍🚀 مرحبا");
});

test("the counter shows near the end only", () => {
  assert.equal(describeLength("x".repeat(3_000)), null);
  assert.equal(describeLength("x".repeat(3_990)), "3,990 / 4,000");
});

test("on any brand colour the chosen ink has at least 4.5 to 1 contrast", () => {
  const digit = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
  fc.assert(
    fc.property(digit, (color) => {
      const [light, ink] = [luminance(color), decideInk(color)];
      assert.ok((ink === "#fff" ? 1.05 / (light + 0.05) : (light + 0.05) / 0.05) >= 4.5);
    }),
  );
  assert.equal(decideInk("#fff"), "#000");
  assert.equal(decideInk("red; background: url(x)"), null);
});
