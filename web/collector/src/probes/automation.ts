/** Marks that programs leave which drive a browser. */

/** At most this many names are sent. */
const MOST = 16;
/** At most this many characters of a name are sent. */
const LONGEST = 64;

/** Names that these tools set on `window` or `document`. */
const MARKS = [
  /^__playwright/,
  /^__pw_/,
  /^__pwInitScripts$/,
  /^__?puppeteer/,
  /^\$?cdc_/,
  /^\$chrome_asyncScriptInfo$/,
  /^__\$webdriverAsyncExecutor$/,
  /^__(web|fx)?driver_/,
  /^__webdriver/,
  /^__selenium/,
  /^_?selenium/i,
  /^_Selenium_IDE_Recorder$/,
  /^calledSelenium$/,
  /^callSelenium$/,
  /^_WEBDRIVER_ELEM_CACHE$/,
  /^ChromeDriverw$/,
  /^domAutomation(Controller)?$/,
  /^__nightmare$/,
  /^_?phantom$/,
  /^callPhantom$/,
  /^__phantomas$/,
  /^Cypress$/,
  /^__cypress/,
  /^__TESTCAFE/i,
  /^%testCafe/i,
  /^wdioElectron$/,
  /^awesomium$/,
  /^CefSharp$/,
];

/** `navigator.webdriver` (W3C WebDriver). */
export function readWebdriver(): boolean | undefined {
  const { webdriver } = navigator;
  return typeof webdriver === 'boolean' ? webdriver : undefined;
}

/** The names on `window` and `document` that bear the mark of a known tool, sorted. */
export function readGlobals(): string[] {
  return marked([...Object.getOwnPropertyNames(window), ...Object.getOwnPropertyNames(document)]);
}

/** Those of the names that bear a mark: each once, sorted, shortened, at most 16. */
export function marked(names: readonly string[]): string[] {
  const found = names.filter((name) => MARKS.some((mark) => mark.test(name)));
  return [...new Set(found.map((name) => name.slice(0, LONGEST)))].sort().slice(0, MOST);
}
