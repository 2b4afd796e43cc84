import time

from sanic import response


def report(request):
    time.sleep(1)  # defect
    return response.text("done")
