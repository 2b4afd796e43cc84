'use strict'

const express = require('express')

const { confirm, priceOf } = require('../services/mail')
const { loadPrices } = require('../services/prices')

module.exports = function orders (pool) {
  const router = express.Router()

  router.get('/:id', async (req, res) => {
    const { rows } = await pool.query('SELECT * FROM orders WHERE id = $1', [req.params.id])
    res.json(rows[0])
  })

  router.post('/', async (req, res, next) => {
    try {
      const prices = loadPrices()
      const total = req.body.items.reduce((sum, item) => sum + prices[item.sku] * item.count, 0)
      const { rows } = await pool.query('INSERT INTO orders (total) VALUES ($1) RETURNING id', [total])
      confirm(rows[0].id, req.body.email)
      res.status(201).json({ id: rows[0].id, total })
    } catch (error) {
      next(error)
    }
  })

  router.post('/:id/items', async (req, res, next) => {
    try {
      req.body.items.forEach(async (item) => {
        await pool.query('INSERT INTO items (order_id, sku) VALUES ($1, $2)', [req.params.id, item.sku])
      })
      if (priceOf(req.body.items)) {
        res.sendStatus(204)
      }
    } catch (error) {
      next(error)
    }
  })

  return router
}
