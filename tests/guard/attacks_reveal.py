"""What could tell of others: lists with filters, and every request that names one thing.

Words in braces: see `attacks_create`.
"""

from __future__ import annotations

# Every request whose answer is a list or a sum; none has a word of others in it.
LISTS = (
    "/containers/json",
    "/containers/json?all=1",
    "/containers/json?all=1&size=1&limit=100",
    "/containers/json?limit=-1",
    '/containers/json?all=1&filters={"name":["{victim}"]}',
    '/containers/json?all=1&filters={"name":["lk-"]}',
    '/containers/json?all=1&filters={"name":[""]}',
    '/containers/json?all=1&filters={"id":["{victimid}"]}',
    '/containers/json?all=1&filters={"id":[""]}',
    '/containers/json?all=1&filters={"label":["labkit.guard"]}',
    '/containers/json?all=1&filters={"label":{"labkit.guard={seat}":true}}',
    '/containers/json?all=1&filters={"status":["running","created"]}',
    '/containers/json?all=1&filters={"network":["{vnetid}"]}',
    '/containers/json?all=1&filters={"network":["bridge","host"]}',
    '/containers/json?all=1&filters={"volume":["{vvol}"]}',
    '/containers/json?all=1&filters={"volume":["/v"]}',
    '/containers/json?all=1&filters={"ancestor":["alpine:3.20"]}',
    '/containers/json?all=1&filters={"publish":["1-65535"]}',
    "/v1.25/containers/json?all=1",
    "/images/json",
    "/images/json?all=1&digests=1&shared-size=1&manifests=1",
    '/images/json?filters={"reference":["*"]}',
    '/images/json?filters={"reference":["*/*/*/*"]}',
    '/images/json?filters={"reference":["labkit.invalid/*/*/*:*"]}',
    '/images/json?filters={"dangling":["false"]}',
    '/images/json?filters={"dangling":["true"]}',
    '/images/json?filters={"label":["labkit.guard"]}',
    '/images/json?filters={"before":["alpine:3.20"]}',
    '/images/json?all=1&filters={"since":["alpine:3.20"]}',
    "/images/alpine:3.20/json",
    "/images/alpine:3.20/history",
    "/networks",
    '/networks?filters={"name":["{vnet}"]}',
    '/networks?filters={"name":["{bynet}"]}',
    '/networks?filters={"id":["{vnetid}"]}',
    '/networks?filters={"driver":["bridge","host"]}',
    '/networks?filters={"type":["builtin","custom"]}',
    '/networks?filters={"scope":["local","global","swarm"]}',
    '/networks?filters={"dangling":["false"]}',
    '/networks?filters={"label":["labkit.guard"]}',
    "/networks/bridge?verbose=1&scope=local",
    "/volumes",
    '/volumes?filters={"name":["{vvol}"]}',
    '/volumes?filters={"dangling":["false"]}',
    '/volumes?filters={"dangling":["true"]}',
    '/volumes?filters={"driver":["local"]}',
    '/volumes?filters={"label":["labkit.guard"]}',
    "/system/df",
    "/system/df?type=container&verbose=1",
    "/info",
    "/version",
    "/_ping",
    "/plugins",
    "/events?since=0&until=1",
    "/events?since={past}&until={now}",
    '/events?since={past}&until={now}&filters={"container":["{victimid}"]}',
    '/events?since={past}&until={now}&filters={"container":["{victim}","{by}"]}',
    '/events?since={past}&until={now}&filters={"image":["{vtag}"]}',
    '/events?since={past}&until={now}&filters={"network":["{vnetid}"]}',
    '/events?since={past}&until={now}&filters={"volume":["{vvol}"]}',
    '/events?since={past}&until={now}&filters={"type":["daemon","builder","plugin","service","node","secret"]}',
    '/events?since={past}&until={now}&filters={"label":["labkit.guard"]}',
    '/events?since={past}&until={now}&filters={"event":["create","exec_create","tag","connect","mount"]}',
)

# kind of thing: requests with X in its place, and the words for it. All give one answer for what is another's and for
# what never was.
_CONTAINERS = "victimname victim victimid victimshort by byid byshort"
_MADE = '{"Cmd":["id"]}'
ABSENT = {
    "containers": (
        _CONTAINERS,
        (
            *(f"GET /containers/X/{what}" for what in ("json", "top", "changes", "export", "logs?stdout=1")),
            "GET /containers/X/stats?stream=0",
            "GET /containers/X/archive?path=/",
            *(
                f"POST /containers/X/{what}"
                for what in ("start", "stop", "restart", "kill", "pause", "unpause", "wait")
            ),
            "POST /containers/X/resize?h=1&w=1",
            "POST /containers/X/rename?name=new",
            "POST /containers/X/attach?stream=1&stdin=1",
            'POST /containers/X/update {"Memory":6291456}',
            f"POST /containers/X/exec {_MADE}",
            "PUT /containers/X/archive?path=/",
            "HEAD /containers/X/archive?path=/",
            "DELETE /containers/X?force=1&v=1",
            "POST /commit?container=X&repo=stolen {}",
            'POST /networks/bridge/connect {"Container":"X"}',
            'POST /networks/bridge/disconnect {"Container":"X","Force":true}',
            'POST /containers/create {"Image":"alpine:3.20","HostConfig":{"NetworkMode":"container:X"}}',
            'GET /containers/json?filters={"before":["X"]}',
            'GET /containers/json?filters={"since":["X"]}',
            'GET /containers/json?all=1&filters={"id":["X"]}',
            'GET /containers/json?all=1&filters={"name":["X"]}',
        ),
    ),
    "networks": (
        "vnet vnetid vnetshort bynet bynetid",
        (
            "GET /networks/X",
            "DELETE /networks/X",
            'POST /networks/X/connect {"Container":"{mine}"}',
            'POST /networks/X/disconnect {"Container":"{mine}","Force":true}',
            'POST /containers/create {"Image":"alpine:3.20","HostConfig":{"NetworkMode":"X"}}',
            'POST /containers/create {"Image":"alpine:3.20","NetworkingConfig":{"EndpointsConfig":{"X":{}}}}',
            (
                'POST /containers/create {"Image":"alpine:3.20","NetworkingConfig":{"EndpointsConfig":{"bridge":{'
                '"NetworkID":"X"}}}}'
            ),
            'GET /networks?filters={"id":["X"]}',
            'GET /networks?filters={"name":["X"]}',
            'GET /containers/json?all=1&filters={"network":["X"]}',
        ),
    ),
    "volumes": (
        "vvol vanon byvol",
        (
            "GET /volumes/X",
            "DELETE /volumes/X",
            "DELETE /volumes/X?force=1",
            'GET /volumes?filters={"name":["X"]}',
            'GET /containers/json?all=1&filters={"volume":["X"]}',
        ),
    ),
    "images": (
        "vtag vimage vimageshort bytag byown byownid",
        (
            "GET /images/X/json",
            "GET /images/X/history",
            "GET /images/X/get",
            "GET /images/get?names=X",
            "GET /images/get?names=alpine:3.20,X",
            "POST /images/X/tag?repo=stolen",
            "DELETE /images/X",
            "DELETE /images/X?force=1&noprune=1",
            'POST /containers/create {"Image":"X"}',
            'POST /build?cachefrom=["X"]',
            'GET /containers/json?all=1&filters={"ancestor":["X"]}',
            'GET /images/json?filters={"before":["X"]}',
            'GET /images/json?filters={"since":["X"]}',
            'GET /images/json?filters={"reference":["X"]}',
        ),
    ),
    "execs": ("vexec", ("GET /exec/X/json", "POST /exec/X/start {}", "POST /exec/X/resize?h=1&w=1")),
}
