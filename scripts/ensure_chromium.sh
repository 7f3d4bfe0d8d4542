#!/bin/sh
# Makes sure that the browser tests have a Chromium and a font with Chinese characters; installs both where it may.
# CHROMIUM=... names a browser that stands elsewhere. Keep the names below the same as in tests/conftest.py.
set -eu

packages='chromium fonts-noto-cjk'

has_browser() {
    for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

has_font() {
    # Systems without fontconfig (macOS) bring Chinese fonts of their own.
    ! command -v fc-list >/dev/null 2>&1 || [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]
}

may_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" -eq 0 ]; then as_root=''; return 0; fi
    as_root='sudo -n'
    sudo -n true 2>/dev/null
}

install_packages() {
    echo "Installing $packages for the browser tests ..."
    $as_root apt-get update -q </dev/null &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $packages </dev/null
}

if has_browser && has_font; then exit 0; fi
if may_install && install_packages && has_browser && has_font; then exit 0; fi
echo "The browser tests need Chromium and a Chinese font: install the packages $packages, then run make test again." >&2
exit 1
