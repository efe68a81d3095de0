/*
 * mr_home.h - is this host on a home link, and what a guest's return to it takes.
 *
 * A home link is where a home prefix is: a guest whose Home Address lies in one is at
 * home on a host whose uplink has an address in the same one. Home prefixes are
 * configured, or learnt from advertisements of the home agent if that is configured.
 * Without either the home link is virtual, and no host is ever on it.
 *
 * Source: RFC 6275 11.5.1, 11.5.2 (the home prefix is on-link), 11.5.5 (returning
 *         home), 7.1, 7.2 (advertisements of home agents); RFC 3963 5.8.
 * Layer:  core. Pure: time is an argument.
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/nd.h"
#include "mrd/mr_move.h"

/* ---- the host ---- */

#define MR_HOME_PREFIX_MAX 8   /* configured, and learnt */
#define MR_HOME_ADDRESS_MAX 32 /* of the uplink */
#define MR_HOME_AGENT_MAX 4    /* whose MACs are known */

struct mr_home {
	unsigned addresses, prefixes, learnt, agents;
	struct in6_addr address[MR_HOME_ADDRESS_MAX]; /* good ones, on the uplink */
	struct ip6_prefix prefix[MR_HOME_PREFIX_MAX];
	bool learn;
	struct mr_home_learnt {
		struct ip6_prefix prefix;
		mono_t until;
	} learn_v[MR_HOME_PREFIX_MAX];
	struct mr_home_agent {
		struct in6_addr addr;
		struct nd_mac mac;
	} agent[MR_HOME_AGENT_MAX]; /* newest first */
};

/* n is at most MR_HOME_PREFIX_MAX. What was learnt stays if learn does. */
void mr_home_configure(
    struct mr_home *home, const struct ip6_prefix *prefix, unsigned n, bool learn);
/* The uplink's addresses. On another link all that was heard is forgotten. */
void mr_home_addresses(struct mr_home *home, const struct mr_move_addr *v, size_t n);

/*
 * A Router Advertisement on the uplink. It counts if it has the H flag and says, in a
 * Prefix Information option with R, that it is from the home agent. Returns whether it did.
 */
bool mr_home_advertised(struct mr_home *home, const struct nd_path *path, const struct nd_ra *ra,
    const struct in6_addr *agent, mono_t now);
/* The home agent's MAC, by whatever told it. */
void mr_home_neighbour(
    struct mr_home *home, const struct in6_addr *agent, const struct nd_mac *mac);
/* NULL: not known. */
const struct nd_mac *mr_home_mac(const struct mr_home *home, const struct in6_addr *agent);

/* Is this Home Address at home on the uplink? */
bool mr_home_has(const struct mr_home *home, const struct in6_addr *home_address, mono_t now);
/*
 * Is all of this prefix a part of the home link's (the aggregated model of RFC 4887 5.3)?
 * Then hosts there solicit its addresses as neighbours.
 */
bool mr_home_covers(const struct mr_home *home, const struct ip6_prefix *p, mono_t now);
/* When what was learnt ends next. */
mono_t mr_home_due(const struct mr_home *home, mono_t now);

/* ---- one guest ---- */

#define MR_HOME_ASK_MS 1000 /* RetransTimer: for the home agent's MAC (RFC 4861 10) */
#define MR_HOME_ANNOUNCE 3  /* MAX_NEIGHBOR_ADVERTISEMENT */
#define MR_HOME_ANNOUNCE_MS 1000

enum mr_homing_phase {
	MR_ABROAD,
	MR_ASKING,  /* a solicitation is out for the home agent's MAC; nothing else is sent */
	MR_AT_HOME, /* the Binding Update may go, or has gone */
	MR_LEFT,    /* it was at home here; late packets are caught, for the grace */
};

struct mr_homing {
	enum mr_homing_phase phase;
	mono_t due;
	unsigned left; /* advertisements of the Home Address */
};

/* What is to be done now. */
enum mr_homing_act {
	MR_HOMING_NOTHING,
	MR_HOMING_SOLICIT,  /* from :: for the Home Address */
	MR_HOMING_RETURN,   /* send the Binding Update */
	MR_HOMING_ANNOUNCE, /* the Home Address is here, to all nodes */
};

void mr_homing_init(struct mr_homing *h); /* abroad */
/* The guest is here, and here is home. Returns what is to be done at once. */
enum mr_homing_act mr_homing_begin(struct mr_homing *h, bool mac_known, mono_t now);
/* The home agent's MAC is known now. */
enum mr_homing_act mr_homing_answered(struct mr_homing *h);
/* The Binding Update was acknowledged: advertisements are due. */
void mr_homing_returned(struct mr_homing *h, mono_t now);
/* The Home Address is used elsewhere, or may be: no more of them. */
void mr_homing_quiet(struct mr_homing *h);
enum mr_homing_act mr_homing_tick(struct mr_homing *h, mono_t now);
