@node --optimize-for-size "%~dp0start.js" %*
