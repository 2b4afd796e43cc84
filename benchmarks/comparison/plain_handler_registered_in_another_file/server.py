from reports import report
from sanic import Sanic

app = Sanic("reports")
app.add_route(report, "/report")
