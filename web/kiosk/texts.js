// The page's words: gettext's catalogue as data, plural forms by the browser's own rules, numbers and times by Intl.
const ORDER = ["zero", "one", "two", "few", "many", "other"];
const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

let language = "en";
let catalogue = {};

export function useTexts(name, texts) {
  language = name;
  catalogue = texts;
}

export const spoken = () => language;

// t("Show {title}", {title}): the translation, its names filled in.
export const t = (message, values = {}) => fill(catalogue[message] || message, values);

// tn("{n} product", "{n} products", n): the form that the language has for this number.
export function tn(one, many, count, values = {}) {
  const forms = catalogue[one] ? [catalogue[one]].flat() : [one, many];
  const rules = new Intl.PluralRules(language);
  const categories = ORDER.filter((each) => rules.resolvedOptions().pluralCategories.includes(each));
  const at = Math.min(categories.indexOf(rules.select(count)), forms.length - 1);
  return fill(forms[at], { n: number(count), ...values });
}

const fill = (message, values) => message.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export const number = (value, options = {}) => new Intl.NumberFormat(language, options).format(value);

// "3 hours ago", by the largest unit that fills.
export function ago(seconds) {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const [unit, size] = STEPS.find(([, each]) => seconds >= each) ?? [null, 1];
  return unit ? format.format(-Math.round(seconds / size), unit) : t("just now");
}
