'use strict'

const express = require('express')
const { Pool } = require('pg')

const orders = require('./routes/orders')
const reports = require('./routes/reports')

const app = express()
const pool = new Pool({ connectionString: process.env.DATABASE_URL })

app.use(express.json())
app.use('/orders', orders(pool))
app.use('/reports', reports)

process.on('uncaughtException', (error) => {
  console.error('something went wrong', error)
})

app.listen(process.env.PORT || 3000)
