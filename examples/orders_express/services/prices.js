'use strict'

const fs = require('fs')

function readJson (path) {
  return JSON.parse(fs.readFileSync(path, 'utf8'))
}

exports.loadPrices = function loadPrices () {
  return readJson('prices.json')
}
