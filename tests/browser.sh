#!/bin/sh
# Finds a Chromium for the browser tests, or installs one from the system's packages.
set -u
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "${COACH_CHROMIUM:-}" ] && [ -x "$COACH_CHROMIUM" ] && exit 0
for app in "/Applications/Google Chrome.app" "/Applications/Chromium.app"; do
    [ -d "$app" ] && exit 0
done
echo "Installing Chromium for the browser tests…"
if command -v apt-get >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium && exit 0
elif command -v brew >/dev/null 2>&1; then
    brew install --cask chromium && exit 0
elif command -v dnf >/dev/null 2>&1; then
    sudo dnf install -y -q chromium && exit 0
fi
echo "No Chromium was found, and none could be installed."
echo "Install Chromium or Chrome, or set COACH_CHROMIUM to the browser's path, and run make test again."
exit 2
