/*
 * ha_agents.h - the Home Agents List of one home link, and what it says to who asks.
 *
 * The other home agents of a link advertise themselves there. A mobile node that is away
 * asks whichever of them hears it for all of them, the most preferred first.
 *
 * Source: RFC 6275 10.5 (list, replies), 7.2, 7.4; RFC 3963 7.2 (R flag).
 *         Requirements M-34, M-35, N-44.
 * Layer:  core.
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/icmp6.h"

#define HA_AGENTS_MAX 64 /* of a link; who comes when it is full is not taken */
#define HA_AGENT_ADDRESSES_MAX 8

struct ha_agent {
	struct in6_addr linklocal; /* who advertised it; ours: unspecified */
	uint16_t preference;	   /* more is better */
	bool mobile_routers;
	mono_t until;
	uint8_t n;
	struct {
		struct in6_addr addr; /* global */
		mono_t until;
	} address[HA_AGENT_ADDRESSES_MAX];
};

struct ha_agents {
	uint8_t n;
	struct ha_agent v[HA_AGENTS_MAX];
};

enum ha_agents_news { HA_AGENTS_SAME, HA_AGENTS_NEW, HA_AGENTS_GONE, HA_AGENTS_FULL };

/*
 * A Router Advertisement from this link-local address (nd_ra_get: hop limit 255). H
 * enters its sender or keeps him; without H, or with a lifetime of 0, he goes. SAME: he
 * is in as he was, or was never in.
 */
enum ha_agents_news ha_agents_hear(
    struct ha_agents *l, const struct in6_addr *from, const struct nd_ra *ra, mono_t now);

/* Take out what has lapsed, agents and addresses; and when the next does. */
void ha_agents_tick(struct ha_agents *l, mono_t now);
mono_t ha_agents_due(const struct ha_agents *l);

/*
 * The answer to a request: `own` and the list, in order of preference, agents of the same
 * and the addresses of each in random order, as many as fit 1280 octets. With R asked for,
 * only those that serve mobile routers; if there are none, the others, and R is clear.
 * `random` is a state that is never 0, and is changed. own's addresses count whatever
 * their `until`.
 */
void ha_agents_reply(const struct ha_agents *l, const struct ha_agent *own,
    const struct icmp6_dhaad *request, uint32_t *random, struct icmp6_dhaad *ret_reply);
