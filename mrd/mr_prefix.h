/*
 * mr_prefix.h - asking the home agent how long the home prefix lives: for one guest.
 *
 * A solicitation goes to the home agent that has the binding, and again after 3, 6, 12 and
 * 24 s; 32 s later it is given up. The answer carries its identifier, which is random: what
 * nobody asked for is discarded, and leads to a question of our own.
 *
 * Nobody proves who answers unless IPsec does. A guessed identifier can make lifetimes
 * shorter, and costs no traffic: what is asked for is never shorter than what a Binding
 * Update can say, and a registration that the prefix made shorter is a reason to ask again.
 *
 * Source: RFC 6275 11.4.2 (asking), 11.4.3 (believing), 11.8 (retransmission), 6.7, 6.8.
 *         Requirement M-51.
 * Layer:  core. Time and randomness are arguments.
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/icmp6.h"

#define MR_PREFIX_TIMEOUT_MS 3000      /* INITIAL_SOLICIT_TIMER; doubles */
#define MR_PREFIX_TIMEOUT_MAX_MS 32000 /* MAX_BINDACK_TIMEOUT: then it is given up */
#define MR_PREFIX_PAUSE_MS 3000	       /* from one question to the next; ours */

struct mr_prefix {
	bool open;	 /* asked and not answered */
	uint16_t id;	 /* of the question that is open; never 0 */
	unsigned sends;	 /* of this question */
	int64_t wait_ms; /* the time-out that is running */
	mono_t due;	 /* of the next solicitation, or the end of the question */
	mono_t not_before;
};

void mr_prefix_init(struct mr_prefix *p);

/* Ask, unless that is under way; not sooner than the pause after the last question. */
void mr_prefix_want(struct mr_prefix *p, mono_t now);

/*
 * True if a solicitation is to be sent now: *ret_mps. random: any number, a new one each
 * time. When and whether it may be sent at all is the caller's business.
 */
bool mr_prefix_tick(struct mr_prefix *p, mono_t now, uint32_t random, struct icmp6_mps *ret_mps);
mono_t mr_prefix_due(const struct mr_prefix *p);

enum mr_prefix_answer {
	MR_PREFIX_LEARNT,  /* the home prefix is valid until *ret_valid_until; NEVER: for ever */
	MR_PREFIX_UNASKED, /* discard it, and ask */
	MR_PREFIX_OTHERS,  /* answered, but of no prefix that the Home Address lies in */
};

/* An advertisement from the home agent by the routing header that it must have. */
enum mr_prefix_answer mr_prefix_answer(struct mr_prefix *p, const struct icmp6_mpa *mpa,
    const struct in6_addr *home_address, mono_t now, mono_t *ret_valid_until);
