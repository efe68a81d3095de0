/*
 * mr_agent.h - which home agent, in which mode, next: the choice of one guest's mobile
 * router after something went wrong.
 *
 * A function of what happened, what has been tried since the last success, and what there
 * is to try. It sends nothing and knows no time; mr_choose.c does what it says.
 *
 *	mr_agent_first(&agents, mode, &with);
 *	... a registration with `with` ends badly: mr_tried_add(&tried, &with, what, status)
 *	switch (mr_agent_next(&agents, mode, &tried, &with)) ...
 *
 * Source: RFC 3963 5.3, 5.4 (refusals and modes); RFC 6275 11.4.1, 11.7.1 (the next home
 *         agent), 11.7.3 (statuses).
 * Layer:  core. Pure.
 */
#pragma once

#include "mrd/mr_conf.h"
#include "mrd/mr_reg.h"

#define MR_TRIES_MAX (2 * MR_AGENTS_MAX) /* each in both modes */

/* Whom there is to try, in the order of use. */
struct mr_agents {
	uint8_t n;
	struct in6_addr v[MR_AGENTS_MAX];
	bool silent[MR_AGENTS_MAX]; /* did not answer some guest of this host lately */
};

/* Is it among them? */
bool mr_agents_have(const struct mr_agents *all, const struct in6_addr *agent);
/* What was last heard of it: an acceptance, or nothing. Of one that is not among them: no matter.
 */
void mr_agents_note(struct mr_agents *all, const struct in6_addr *agent, bool silent);

/* How a registration with a home agent went wrong. */
enum mr_outcome {
	MR_UNANSWERED,	  /* not even at the slowest pace: anybody else, then it again */
	MR_REFUSED_NOW,	  /* for a reason that may pass: likewise */
	MR_REFUSED_MODE,  /* in this mode; the other may do */
	MR_REFUSED_AGENT, /* it will not have us in any mode */
	MR_REFUSED_FATAL, /* nobody is to be asked again */
};

/* Of a Binding Acknowledgement that ended it; status 0: accepted with R clear. */
enum mr_outcome mr_agent_outcome(uint8_t status, bool explicit_mode);

struct mr_try {
	struct mr_reg_with with;
	enum mr_outcome what;
	uint8_t status; /* of a refusal */
};

/* What was tried in vain since the last success, oldest first. */
struct mr_tried {
	uint8_t n;
	struct mr_try v[MR_TRIES_MAX];
};

/* Another one; what was known of this home agent in this mode is replaced. */
void mr_tried_add(
    struct mr_tried *tried, const struct mr_reg_with *with, enum mr_outcome what, uint8_t status);
/* Did a home agent refuse the prefixes themselves (RFC 3963 5.4.2)? */
bool mr_tried_lost_prefixes(const struct mr_tried *tried);

/* A new beginning: the first that is not known to be silent. :: if there is none at all. */
void mr_agent_first(const struct mr_agents *all, enum mr_mode mode, struct mr_reg_with *ret_with);

enum mr_step {
	MR_STAY, /* ask the same one on, slowly */
	MR_GO,	 /* register with *ret_with */
	MR_STOP, /* everything was tried, or it is fatal */
};

/*
 * After the newest of *tried, which is not empty. When nobody is left who was not asked,
 * those are asked again that did not refuse for good; *tried then forgets that they were.
 */
enum mr_step mr_agent_next(const struct mr_agents *all, enum mr_mode mode, struct mr_tried *tried,
    struct mr_reg_with *ret_with);

/* Is there anybody else to ask, should this one not answer? */
bool mr_agent_has_other(const struct mr_agents *all, enum mr_mode mode,
    const struct mr_tried *tried, const struct mr_reg_with *with);

/* Is this mode one of those configured? */
bool mr_mode_has(enum mr_mode mode, bool explicit_mode);

const char *mr_mode_name(const struct mr_reg_with *with); /* "explicit" or "implicit" */
