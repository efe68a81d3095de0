/*
 * ha_policy.h - what the operator lets the home agent do, as values.
 *
 * had.conf's top level fills it in (ha_conf.c); the core only reads it.
 *
 * Layer: core. Header only.
 */
#pragma once

#include "common/base/kobj.h"

/* RFC 6275 12: how long a de-registered binding keeps its sequence number. */
#define HA_DELETE_MS 10000

/* Metrics of our routes. Ours win over what stands underneath them. */
#define HA_METRIC_BOUND 1024
#define HA_METRIC_UNREACHABLE 4096

#define HA_LINKS_MAX 8
#define HA_LINK_PREFIXES_MAX 8
#define HA_POLICY_AGENTS_MAX 32

/*
 * A link of ours that home addresses are at home on. Those of all other prefixes live
 * on no wire: a virtual home link.
 */
struct ha_link {
	char dev[KOBJ_DEV_MAX];
	uint8_t n;
	struct ip6_prefix prefix[HA_LINK_PREFIXES_MAX]; /* on-link there */
	uint8_t deprecated_n;
	struct ip6_prefix deprecated[HA_LINK_PREFIXES_MAX]; /* those with no preferred lifetime */
	int64_t valid_ms, preferred_ms; /* whenever somebody asks: they do not run down */
	/* What we say of ourselves there (ha_radv.h). */
	uint8_t own_n;
	struct in6_addr own[HA_LINK_PREFIXES_MAX]; /* addresses of ours */
	bool advertise;
	uint32_t preference;
	int64_t agent_lifetime_ms; /* 0: as the router's */
	int64_t interval_min_ms, interval_max_ms;
};

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
	uint8_t links;
	struct ha_link link[HA_LINKS_MAX];
	/* The home link that is on no wire (ha_disc.h). */
	uint8_t homes;
	struct ip6_prefix home[HA_LINK_PREFIXES_MAX];
	uint8_t agents; /* 0: this one alone */
	struct in6_addr agent[HA_POLICY_AGENTS_MAX];
	bool discovery, prefix_discovery;
	int64_t prefix_min_ms, prefix_max_ms; /* MinMobPfxAdvInterval, MaxMobPfxAdvInterval */
};

/* The link that an address is at home on, or NULL, and which of its prefixes that is in. */
static inline const struct ha_link *
ha_link_of(
    const struct ha_policy *p, const struct in6_addr *a, const struct ip6_prefix **ret_prefix)
{
	for (uint8_t i = 0; i < p->links; i++) {
		for (uint8_t k = 0; k < p->link[i].n; k++) {
			if (!ip6_prefix_has(&p->link[i].prefix[k], a))
				continue;
			if (ret_prefix)
				*ret_prefix = &p->link[i].prefix[k];
			return &p->link[i];
		}
	}
	return NULL;
}

/* Does all of this prefix lie on a link of ours? */
static inline bool
ha_link_covers(const struct ha_policy *policy, const struct ip6_prefix *p)
{
	const struct ip6_prefix *prefix;

	return ha_link_of(policy, &p->addr, &prefix) && prefix->len <= p->len;
}

/* Does this prefix cover one that is on a link of ours? */
static inline bool
ha_link_within(const struct ha_policy *policy, const struct ip6_prefix *p)
{
	for (uint8_t i = 0; i < policy->links; i++) {
		for (uint8_t k = 0; k < policy->link[i].n; k++) {
			if (ip6_prefix_covers(p, &policy->link[i].prefix[k]))
				return true;
		}
	}
	return false;
}

/* What is left of a prefix's preferred lifetime (RFC 4861 4.6.2). */
static inline int64_t
ha_link_preferred_ms(const struct ha_link *l, const struct ip6_prefix *prefix)
{
	for (uint8_t i = 0; i < l->deprecated_n; i++) {
		if (ip6_prefix_equal(&l->deprecated[i], prefix))
			return 0;
	}
	return l->preferred_ms;
}
