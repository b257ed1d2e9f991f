// How a shopper's own phone gets here: a code to scan, where the kiosk was started for phones.
import { h } from "../dom.js";
import { t } from "../texts.js";

export const invitation = () =>
  h("img", { class: "code", src: "/connect.svg", alt: t("Code for phones"), width: 160, height: 160 });

// On the kiosk's own screen alone; a phone that is here already needs no code.
export const invites = (shelf) =>
  Boolean(shelf?.features.phones) && ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
