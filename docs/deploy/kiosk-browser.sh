#!/usr/bin/env bash
# Shows the kiosk's page on the whole screen, and starts the browser again whenever it ends.
#   kiosk-browser.sh [ADDRESS]            in an X session, from its autostart
#   cage -s -- kiosk-browser.sh [ADDRESS] on a bare console (Debian: apt-get install cage)
# The camera is granted and all else refused by chromium-policy.json, in /etc/chromium/policies/managed.
set -u

ADDRESS=${1:-http://127.0.0.1:8080/}
BROWSER=${POCKETSHELF_CHROMIUM:-chromium}
# In memory: nothing of a visit outlives the browser, and no crash leaves a profile that asks to be restored.
PROFILE=${XDG_RUNTIME_DIR:-/tmp}/pocketshelf-browser

FLAGS=(
    --kiosk
    "--app=$ADDRESS"
    "--user-data-dir=$PROFILE"
    --no-first-run
    --no-default-browser-check
    --noerrdialogs
    --disable-session-crashed-bubble
    --hide-crash-restore-bubble
    --disable-infobars
    --disable-pinch
    --overscroll-history-navigation=0
    "--disable-features=Translate,OverscrollHistoryNavigation"
    --password-store=basic
    --ozone-platform-hint=auto
    --touch-events=enabled
)

# X blanks its screen after ten minutes by default; Wayland's cage never does.
keep_the_screen_on() {
    if [ -n "${DISPLAY:-}" ] && command -v xset >/dev/null; then
        xset s off -dpms s noblank || true
    fi
}

kiosk_answers() {
    local host_port=${ADDRESS#*://}
    host_port=${host_port%%/*}
    (exec 3<>"/dev/tcp/${host_port%:*}/${host_port##*:}") 2>/dev/null
}

# The page itself waits for a kiosk that comes back; only the first time there is no page yet.
wait_for_the_kiosk() {
    until kiosk_answers; do sleep 1; done
}

trap 'exit 0' TERM INT
keep_the_screen_on
pause=1
while true; do
    wait_for_the_kiosk
    rm -rf "$PROFILE"
    started=$SECONDS
    "$BROWSER" "${FLAGS[@]}"
    # One that ends at once, again and again, is started more and more slowly: up to a minute.
    if [ $((SECONDS - started)) -gt 60 ]; then pause=1; else pause=$((pause < 60 ? pause * 2 : 60)); fi
    sleep "$pause"
done
