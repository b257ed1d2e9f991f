// What things are called on the page, where a code or a detector's group stands for them.
import { ago, t, tn } from "./texts.js";

const GROUPS = {
  upper: () => t("Top"),
  outerwear: () => t("Jacket"),
  dress: () => t("Dress"),
  trousers: () => t("Trousers"),
  shorts: () => t("Shorts"),
  skirt: () => t("Skirt"),
  lower: () => t("Trousers or skirt"),
  footwear: () => t("Shoes"),
  bag: () => t("Bag"),
  hat: () => t("Hat"),
  accessory: () => t("Accessory"),
  goods: () => t("Product"),
  frame: () => t("Whole picture"),
};
const ROLES = {
  upper: () => t("Tops"),
  outerwear: () => t("Jackets"),
  dress: () => t("Dresses"),
  lower: () => t("Trousers and skirts"),
  footwear: () => t("Shoes"),
  bag: () => t("Bags"),
  hat: () => t("Hats"),
};
const ICONS = { upper: "shirt", outerwear: "shirt", dress: "shirt", footwear: "footprints", bag: "shopping-bag" };

export const groupName = (group) => GROUPS[group]?.() ?? group;

// What each region of an answer is called; where several are of one group, with a number.
export function regionNames(regions) {
  const seen = {};
  return regions.map(({ group }) => {
    const many = regions.filter((other) => other.group === group).length > 1;
    seen[group] = (seen[group] ?? 0) + 1;
    return many ? `${groupName(group)} ${seen[group]}` : groupName(group);
  });
}
export const roleName = (role) => ROLES[role]?.() ?? role;
export const groupIcon = (group) => ICONS[group] ?? "package";

// A catalogue's category as words: "Brown-Cap-Mushroom" is written so for a machine's sake, "T-Shirt" is not.
export function categoryName(category, parts = Infinity) {
  return category.split("/").filter(Boolean).slice(-parts).map(plainly).join(" › ");
}

function plainly(part) {
  const titled = part.split(/[-_ ]/).every((word) => /^[^a-z]/.test(word));
  return (titled ? part.replace(/(?<=\w\w)[-_](?=\w)/g, " ") : part.replaceAll("_", " ")).trim();
}

// A catalogue's columns are named in its own language; of the usual ones, this page's words are said. Without a
// prototype: a column may be called "constructor".
const FIELDS = {
  __proto__: null,
  brand: () => t("Brand"),
  color: () => t("Colour"),
  colour: () => t("Colour"),
  size: () => t("Size"),
  price: () => t("Price"),
  regular_price: () => t("Regular price"),
  material: () => t("Material"),
  pattern: () => t("Pattern"),
  description: () => t("Description"),
  gender: () => t("Gender"),
};

export const fieldName = (name) => FIELDS[name.toLowerCase()]?.() ?? titled(name);

// What shoppers ask for first, before a catalogue's other columns: its place among those, 0 being the first.
const USEFUL = ["regular_price", "color", "colour", "brand", "size", "pattern", "gender", "material"];
export const useRank = (name) => (USEFUL.indexOf(name.toLowerCase()) + USEFUL.length + 1) % (USEFUL.length + 1);

const titled = (name) => {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

// A catalogue's own columns: a value, several in a list, or several parted by bars. An object's own words for itself
// ("toString") are not asked for.
export const fieldValue = (value) => said(value).replaceAll("|", ", ");

function said(value) {
  if (Array.isArray(value)) return value.map(said).join(", ");
  return typeof value === "object" && value ? JSON.stringify(value) : String(value ?? "");
}

export function freshness({ products, age_s }) {
  const many = tn("{n} product", "{n} products", products ?? 0);
  return age_s === null || age_s === undefined ? many : t("Updated {when} · {products}", { when: ago(age_s), products: many });
}

const FAULTS = {
  photo_unreadable: () => t("This file is not a photo that can be read. Please take another one, as JPEG, PNG or HEIC."),
  photo_too_large: () => t("This photo is too large. Please take a smaller one."),
  busy: () => t("Just a moment: another search is still running. Please try again."),
  stuck: () => t("The search took too long and was started afresh. Please try again."),
  not_found: () => t("This product is not on the shelf any more."),
  store: () => t("The shelf cannot be read just now. Please ask our staff."),
  down: () => t("The kiosk's service is not answering, trying again."),
};
// The service's own words are for its log: a shopper reads the page's language.
export const faultWords = ({ code }) => FAULTS[code]?.() ?? t("That did not work. Please try again.");

const WARNINGS = {
  clock: () => t("This device's clock is wrong, so updates are paused. Searching goes on."),
  expired: () =>
    t("What the shop's server sends is out of date, or this device's clock is wrong, so updates are paused. Searching goes on."),
  disk_full: () => t("The disk is full, so updates are paused. Searching goes on."),
  previous_generation: () => t("The newest catalogue is damaged, so the one before it is shown."),
  worker_restarted: () => t("The search was restarted. Everything works again."),
  store: () => t("The search is not running just now. Please ask our staff."),
  settings: () => t("This kiosk's settings could not be read, so the usual ones hold. Please ask our staff."),
  settings_not_kept: () => t("This kiosk's settings cannot be saved, so they hold until it is restarted. Please ask our staff."),
  sync_failed: () => t("No updates come from the shop's server just now. Searching goes on with what is here."),
};
export const warningWords = ({ code, message }) => WARNINGS[code]?.() ?? message;

// What would make a photo better, by the first fault that the model sees in it; null where it sees none.
const ADVICE = {
  too_dark: () => t("It is too dark. Find more light."),
  over_exposed: () => t("It is too bright. Turn away from the light."),
  blurred: () => t("It is blurred. Hold still."),
  too_small: () => t("Move closer."),
  cluttered: () => t("One thing at a time, please."),
  collage: () => t("Take a photo of the thing itself."),
};
export const adviceWords = (quality) => ADVICE[faultOf(quality)]?.() ?? null;
export const faultOf = (quality) => quality?.faults?.[0]?.[0] ?? null;
