/*
 * mr_discover.h - asking the home link who its home agents are.
 *
 * A request goes to the home agents' anycast address, and again after 3, 6, 12 and 24 s.
 * Nobody proves who answers, so a reply counts only if it carries the identifier of the
 * request that is open and says R, and of its addresses only those on the home link.
 *
 * Source: RFC 6275 11.4.1 (asking), 6.5, 6.6 (messages); RFC 3963 7.1, 7.2 (R).
 * Layer:  core. Time and randomness are arguments.
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/icmp6.h"
#include "mrd/mr_agent.h"

#define MR_DISCOVER_TIMEOUT_MS 3000 /* INITIAL_DHAAD_TIMEOUT */
#define MR_DISCOVER_RETRIES 4	    /* DHAAD_RETRIES */
#define MR_DISCOVER_PAUSE_MS                                                \
	60000 /* from one question, answered or given up, to the next; ours \
	       */

struct mr_discover {
	struct ip6_prefix home; /* of length 0: nobody is asked */
	bool open;		/* asked and not answered */
	uint16_t id;		/* of the request that is open */
	unsigned sends;
	mono_t due;	   /* of the next request */
	mono_t not_before; /* of the next question */
};

void mr_discover_init(struct mr_discover *d, const struct ip6_prefix *home);

/* Home agents are wanted: ask, unless that is under way, or as soon as the pause is over. */
void mr_discover_want(struct mr_discover *d, mono_t now);

/* True if a request is to be sent now: *ret_request. random: any number, a new one each time. */
bool mr_discover_tick(
    struct mr_discover *d, mono_t now, uint32_t random, struct icmp6_dhaad *ret_request);
mono_t mr_discover_due(const struct mr_discover *d);

enum mr_discovered {
	MR_DISCOVERED,	       /* *ret_agents, in the order of the reply */
	MR_DISCOVERED_UNASKED, /* nothing that is open was answered */
	MR_DISCOVERED_NONE,    /* R clear, or no address on the home link: go on asking */
};

enum mr_discovered mr_discover_answer(struct mr_discover *d, const struct icmp6_dhaad *reply,
    mono_t now, struct mr_agents *ret_agents);
