@node --max-semi-space-size=1 --heap-growing-percent=20 "%~dp0startProvider.js" %*
