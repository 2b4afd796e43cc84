// What ESLint runs in benchmarks/speed.py: the rules of its own and of three plugins that overlap with tenlint's.
import typescript from "@typescript-eslint/parser";
import n from "eslint-plugin-n";
import promise from "eslint-plugin-promise";
import security from "eslint-plugin-security";

const files = ["**/*.{js,jsx,mjs,cjs,ts,tsx,mts,cts}"];

export default [
  { linterOptions: { reportUnusedDisableDirectives: "off" } },
  { files: ["**/*.{ts,tsx,mts,cts}"], languageOptions: { parser: typescript } },
  { files, ...n.configs["flat/mixed-esm-and-cjs"][0] },
  { files, ...promise.configs["flat/recommended"] },
  { files, ...security.configs.recommended },
];
