// The screen stays on while the page is seen: a lock ends whenever the page is hidden, and is asked for again.
export function keepAwake() {
  let lock = null;
  const ask = async () => {
    if (document.hidden || (lock && !lock.released)) return;
    lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  };
  document.addEventListener("visibilitychange", ask);
  // Some browsers give a lock only after a touch.
  document.addEventListener("pointerdown", ask);
  ask();
}
