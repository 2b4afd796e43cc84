'use strict'

const fs = require('fs')
const express = require('express')

const router = express.Router()

router.get('/:day', (req, res) => {
  const filter = JSON.parse(req.query.filter)
  fs.readdir('reports', (error, names) => {
    if (error) return res.sendStatus(500)
    fs.stat(`reports/${names[0]}`, (error, stats) => {
      if (error) return res.sendStatus(500)
      fs.readFile(`reports/${names[0]}`, 'utf8', (error, text) => {
        if (error) return res.sendStatus(500)
        fs.writeFile('reports/last', names[0], (error) => {
          if (error) return res.sendStatus(500)
          res.json({ size: stats.size, rows: text.split('\n').filter((row) => row.includes(filter.customer)) })
        })
      })
    })
  })
})

router.get('/:day/raw', (req, res) => {
  fs.createReadStream(`reports/${Number(req.params.day)}.csv`).pipe(res)
})

module.exports = router
