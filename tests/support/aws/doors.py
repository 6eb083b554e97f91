"""Three side doors for tests, on paths that no AWS service has.

* POST /moto-api/x-faults replaces all faults by the JSON object in the body: `"<service>:<Action>"`, `"<Action>"` or `"*"`
  -> `{"code", "status", "message", "count", "delay_ms", "page"}`. The most precise key wins. `count` is how often it strikes,
  -1 (the default) for ever; `delay_ms` waits first; without `code` the call then goes on as usual, with `page` items at the most
  in a page, as AWS may always give fewer than were asked for.
* GET /moto-api/x-calls answers `{"<service>:<Action>": n}` since the last POST or DELETE on it. A call that a fault
  refused counts: it went over the wire.
* GET /moto-api/x-log answers the same calls one by one, in order: `{"call", "account", "parameters"}`.

Services are called as in moto: elbv2, elb, ec2, sts, resourcegroupstaggingapi.
"""

import collections
import json
import threading
import time
from xml.sax.saxutils import escape

from moto.core.responses import BaseResponse
from moto.moto_api._internal import urls

# The protocol of an error document; every other service of the double speaks Query.
JSON_SERVICES = ("resourcegroupstaggingapi",)
FIELDS = {"code", "status", "message", "count", "delay_ms", "page"}

_call_action = BaseResponse.call_action
_lock = threading.Lock()
_faults = {}
_calls = collections.Counter()
_log = []


def take_fault(service, action, account=None, parameters=None):
    """The fault that strikes this call, counted down, or None. Also counts the call and logs it."""
    with _lock:
        _calls[f"{service}:{action}"] += 1
        _log.append({"call": f"{service}:{action}", "account": account, "parameters": parameters or {}})
        for key in (f"{service}:{action}", action, "*"):
            fault = _faults.get(key)
            if fault and fault["count"] != 0:
                fault["count"] -= 1
                return dict(fault)
    return None


def error_document(service, code, message):
    """Content type and body of an AWS error in the service's protocol."""
    if service in JSON_SERVICES:
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    code, message = escape(code), escape(message)
    if service == "ec2":
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>x-fault</RequestID></Response>"
    else:
        body = (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                "<RequestId>x-fault</RequestId></ErrorResponse>")
    return "text/xml", body


def call_action(self):
    service = self.service_name
    parameters = {name: values[0] for name, values in (self.querystring or {}).items() if values}
    fault = take_fault(service, self._get_action(), self.current_account, parameters)
    if fault:
        time.sleep(fault.get("delay_ms", 0) / 1000)
        if fault.get("code"):
            status = fault.get("status", 400)
            kind, body = error_document(service, fault["code"], fault.get("message", "injected by the test"))
            return status, {"status": status, "Content-Type": kind}, body
        self.most_of_a_page = fault.get("page")
    return _call_action(self)


def x_faults(request, full_url, headers):
    """Validates before it replaces, so that a mistyped fault fails its test instead of never striking."""
    try:
        faults = json.loads(request.get_data() or b"{}")
        for key, fault in faults.items():
            if unknown := set(fault) - FIELDS:
                return 400, {}, f"fault {key}: unknown fields {sorted(unknown)}\n"
            fault["count"] = int(fault.get("count", -1))
    except (ValueError, AttributeError, TypeError) as error:
        return 400, {}, f"x-faults wants a JSON object of objects: {error}\n"
    with _lock:
        _faults.clear()
        _faults.update(faults)
    return 200, {}, json.dumps({"faults": len(faults)})


def x_calls(request, full_url, headers):
    with _lock:
        if request.method in ("POST", "DELETE"):
            _calls.clear()
            _log.clear()
        return 200, {"Content-Type": "application/json"}, json.dumps(_calls, sort_keys=True)


def x_log(request, full_url, headers):
    with _lock:
        return 200, {"Content-Type": "application/json"}, json.dumps(_log)


def install():
    """Opens the doors. Must run before moto builds its routes."""
    BaseResponse.call_action = call_action
    urls.url_paths["{0}/moto-api/x-faults"] = x_faults
    urls.url_paths["{0}/moto-api/x-calls"] = x_calls
    urls.url_paths["{0}/moto-api/x-log"] = x_log
