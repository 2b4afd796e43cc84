import logging

events = logging.getLogger("shop")
