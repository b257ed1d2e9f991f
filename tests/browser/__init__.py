"""The pages in a real browser: Debian's Chromium, driven by Playwright, over real processes on loopback."""
