// Renders templates with liquidjs: a JSON list of cases on stdin, a JSON list of results on stdout.
"use strict";
const { readFileSync } = require("node:fs");
const { Liquid } = require("liquidjs");

const input = JSON.parse(readFileSync(0, "utf8"));
const SystemDate = Date;
globalThis.Date = class extends SystemDate {
  constructor(...given) {
    super(...(given.length ? given : [input.now * 1000]));
  }
  static now() {
    return input.now * 1000;
  }
};

const engines = [false, true].map(
  (strictVariables) => new Liquid({ strictVariables, strictFilters: true, timezoneOffset: 0, locale: "en-US" }),
);
const results = input.cases.map(([source, variables, strict]) => {
  try {
    return { text: engines[Number(strict)].parseAndRenderSync(source, variables) };
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
});
console.log(JSON.stringify(results));
