/*
 * ha_policy.h - what the operator lets the home agent do, as values.
 *
 * had.conf's top level fills it in (ha_conf.c); the core only reads it.
 *
 * Layer: core. Header only.
 */
#pragma once

#include "common/wire/ip6.h"

/* RFC 6275 12: how long a de-registered binding keeps its sequence number. */
#define HA_DELETE_MS 10000

/* Metrics of our routes. Ours win over what stands underneath them. */
#define HA_METRIC_BOUND 1024
#define HA_METRIC_UNREACHABLE 4096

struct ha_policy {
	struct in6_addr address; /* ours: where Binding Updates and tunnels end */
	bool home_agent;	 /* no: status 131 */
	bool mobile_routers;	 /* no: status 140 */
	int64_t lifetime_max_ms;
	int64_t refresh_ms; /* Binding Refresh Advice; 0 gives none */
	int64_t grace_ms;   /* of requirement X-08; 0 is the letter of RFC 3963 9 */
	uint32_t bindings_max;
	bool takeover; /* a prefix two home addresses may have goes to the newer one */
	bool nested;   /* prefixes of two home addresses may lie within each other */
	uint32_t table;
};
