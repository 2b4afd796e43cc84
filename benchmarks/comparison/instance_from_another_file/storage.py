import sqlite3

connection = sqlite3.connect("orders.db", check_same_thread=False)
