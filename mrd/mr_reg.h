/*
 * mr_reg.h - one home registration: the state machine that sends Binding Updates
 * for one guest and believes the answers.
 *
 * Source: RFC 6275 11.5.5 (returning home), 11.7.1 (sending), 11.7.3 (acknowledgements),
 *         11.7.4 (refresh requests), 11.8 (retransmission and rate); RFC 3963 5.2-5.4, 5.8.
 * Layer:  core. Time is an argument; what is sent goes through mr_reg_ops.
 *
 *	mr_reg_init(&r, &conf, &ops, ctx);
 *	mr_reg_careof(&r, &coa, &tick);
 *	mr_reg_word(&r, MR_REG_ATTACH, &tick);	// the guest runs here
 *	... mr_reg_answer(&r, &ba, &tick), mr_reg_tick(&r, &tick) at mr_reg_due(&r)
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/mh.h"
#include "mrd/mr_rate.h"
#include "mrd/mr_seq.h"

enum mr_reg_state {
	MR_REG_IDLE,
	MR_REG_WAITING,	  /* asked, nothing acknowledged for this care-of address */
	MR_REG_BOUND,	  /* acknowledged, lifetime running; refreshes happen here too */
	MR_REG_LAPSED,	  /* the lifetime ended without an answer; asking on */
	MR_REG_REFUSED,	  /* refused for a reason that may pass; asking on, slowly */
	MR_REG_STOPPED,	  /* refused for good: nothing is sent until gone or told */
	MR_REG_BARRED,	  /* 134: the same, whatever happens: the Home Address is somebody else's */
	MR_REG_UNROUTED,  /* accepted, but not as a mobile router: de-registering (RFC 3963 5.3) */
	MR_REG_LEAVING,	  /* de-registering because we were told to */
	MR_REG_RETURNING, /* on the home link, de-registering (RFC 6275 11.5.5) */
	MR_REG_HOME,	  /* on the home link, and the home agent has no binding */
	MR_REG_STATES
};

enum mr_reg_event {
	MR_REG_ATTACH,	   /* the guest runs here */
	MR_REG_HOLD,	   /* suspended: from now on nothing is sent (requirement X-03) */
	MR_REG_DETACH,	   /* gone: forget it, send nothing */
	MR_REG_DEREGISTER, /* gone for good, nobody else will register it */
	MR_REG_MOVE,	   /* this host's care-of address changed */
	MR_REG_NUDGE,	   /* the home agent wants to hear from us */
	MR_REG_FORCE,	   /* the operator wants it sent */
	MR_REG_PAUSE,	   /* the home agent's node does not speak Mobile IPv6 just now */
	MR_REG_TAKEN,	   /* mr_reg_taken */
	/* What the machine makes itself of time and acknowledgements: */
	MR_REG_TIMER,
	MR_REG_EXPIRE,
	MR_REG_SILENT, /* no answer at the slowest pace, and there is another home agent */
	MR_REG_SWITCH, /* to another home agent, or mode */
	MR_REG_GIVE_UP,
	MR_REG_ACK,
	MR_REG_ACK_UNROUTED, /* accepted with R clear */
	MR_REG_NAK_SEQUENCE, /* 135 */
	MR_REG_NAK_LATER,
	MR_REG_NAK_STOP,
	MR_REG_NAK_BAR,
	MR_REG_EVENTS
};

#define MR_REG_OUTSTANDING 8	    /* Binding Updates whose answers are still believed */
#define MR_REG_TIMEOUT_MS 1000	    /* INITIAL_BINDACK_TIMEOUT */
#define MR_REG_TIMEOUT_MAX_MS 32000 /* MAX_BINDACK_TIMEOUT */
#define MR_REG_FAREWELLS 3	    /* de-registrations sent before giving up; ours */
#define MR_REG_CONFIRM_MS 250	    /* after mr_reg_taken: not among those of the next move; ours */
#define MR_REG_SEQUENCE_TRIES 3	    /* 135s in a row answered at once; ours */

struct mr_reg_conf {
	uint32_t lifetime_s;	  /* asked for; multiple of 4 */
	int64_t first_timeout_ms; /* InitialBindackTimeoutFirstReg */
	int64_t next_agent_ms;	  /* a wait in vain of this length ends it with a home agent */
};

/* With whom, and whether Binding Updates list the prefixes (RFC 3963 5.2). */
struct mr_reg_with {
	struct in6_addr home_agent; /* ::, none is known: wait */
	bool explicit_mode;
};

/* One Binding Update to be sent. */
struct mr_reg_bu {
	uint16_t seq;
	uint32_t lifetime_s; /* 0 de-registers */
};

struct mr_reg;

/* Each call returns at once and does not call back. */
struct mr_reg_ops {
	void (*send)(
	    void *ctx, struct mr_reg *reg, const struct mr_reg_bu *bu, const struct tick *now);
	void (*moved)(void *ctx, struct mr_reg *reg, enum mr_reg_state from, enum mr_reg_event on,
	    const struct tick *now);
	/* Is there another home agent to ask, should this one not answer? */
	bool (*has_other)(void *ctx, const struct mr_reg *reg);
};

struct mr_reg {
	const struct mr_reg_conf *conf; /* borrowed */
	const struct mr_reg_ops *ops;
	void *ctx;

	enum mr_reg_state state; /* written only by step(), and mr_reg_resume */
	bool held;		 /* nothing is sent, timers stand still */
	struct in6_addr careof;	 /* ::, there is none: wait; the Home Address at home */
	bool home;		 /* this host is on the home link */
	struct mr_reg_with with;
	struct mr_seq seq;

	mono_t due;		/* send again, or for the first time */
	mono_t expires;		/* of what was acknowledged last; NEVER: nothing is known */
	mono_t refresh;		/* when `due` would be, but for mr_reg_learnt */
	mono_t valid_until;	/* the home prefix; NEVER: nothing is known that limits it */
	mono_t not_before;	/* RFC 6275 11.4.1: the next home agent has to wait */
	mono_t asked;		/* when the question now open was asked first */
	int64_t timeout_ms;	/* to the next retransmission; doubles */
	int64_t wait_ms;	/* the time-out that is running; 0: it is no time-out */
	unsigned sends;		/* Binding Updates since `asked` */
	unsigned sequence_naks; /* in a row */
	uint32_t granted_s;
	uint16_t acked; /* sequence number of the Binding Update accepted last */
	uint8_t last_status;
	bool answered;	 /* last_status holds something */
	bool refreshing; /* the question is a refresh: nothing has happened, but time */
	bool asking;	 /* a question is open: retransmit until it is answered */

	struct mr_rate rate; /* of all that were sent, counted per registration */
	struct mr_reg_sent {
		uint16_t seq;
		uint32_t lifetime_s;
		mono_t at;
	} out[MR_REG_OUTSTANDING]; /* unanswered ones, oldest first */
	unsigned outstanding;
};

void mr_reg_init(
    struct mr_reg *reg, const struct mr_reg_conf *conf, const struct mr_reg_ops *ops, void *ctx);

/* What a run before us was acknowledged. */
struct mr_reg_known {
	struct in6_addr careof;
	struct mr_reg_with with;
	mono_t expires;
	uint32_t granted_s; /* 0: nothing is known */
};
/*
 * Straight after mr_reg_init, with care-of address and home agent set: if it is still good,
 * begin as bound, so that the guest's packets go on; the next word registers anew all the same.
 */
void mr_reg_resume(struct mr_reg *reg, const struct mr_reg_known *known, mono_t now);

/* ATTACH ... PAUSE. What makes no sense in the present state does nothing. */
void mr_reg_word(struct mr_reg *reg, enum mr_reg_event word, const struct tick *now);

/*
 * Another home agent or mode: what was registered and asked is forgotten, and a
 * registration that has not ended begins anew, at mr_reg_due(): not before the former home
 * agent has had InitialBindackTimeoutFirstReg for its answer (RFC 6275 11.4.1). A
 * de-registration under way goes on where it is.
 */
void mr_reg_switch(struct mr_reg *reg, const struct mr_reg_with *with, const struct tick *now);

/* This host's care-of address, or ::. Registers from it at once if there is reason to. */
void mr_reg_careof(struct mr_reg *reg, const struct in6_addr *careof, const struct tick *now);
/*
 * This host is on the home link: whatever would register from here on de-registers from
 * home_address instead (RFC 6275 11.5.5), until there is a care-of address again.
 */
void mr_reg_return(struct mr_reg *reg, const struct in6_addr *home_address, const struct tick *now);

/*
 * A Binding Acknowledgement from our home agent for our Home Address. Returns
 * false if it answers nothing that is outstanding (M-47): nothing has changed.
 */
bool mr_reg_answer(struct mr_reg *reg, const struct mh *ba, const struct tick *now);

void mr_reg_tick(struct mr_reg *reg, const struct tick *now);
mono_t mr_reg_due(const struct mr_reg *reg);

/*
 * A sequence number for a Binding Update that hands the guest over (mr_hand.h), counted
 * as one of ours. False: not now, there were as many as M-43 allows.
 */
bool mr_reg_number(struct mr_reg *reg, const struct tick *now, uint16_t *ret_seq);

/*
 * The guest runs here, and another host has registered it for us with this number, so
 * many seconds at that instant: bound, to be confirmed by a Binding Update of our own in
 * a moment. In a state other than idle it is MR_REG_ATTACH.
 */
void mr_reg_taken(
    struct mr_reg *reg, uint16_t seq, uint32_t lifetime_s, mono_t at, const struct tick *now);

/*
 * The home prefix is valid until then: no lifetime that is asked for is longer. After status 1
 * the refresh waits for this (RFC 6275 11.7.1), or until half of what is left then is over.
 */
void mr_reg_learnt(struct mr_reg *reg, mono_t valid_until, const struct tick *now);
/* Is the lifetime asked for now shorter than configured, because of the home prefix? */
bool mr_reg_is_limited(const struct mr_reg *reg, mono_t now);

/* Was a Binding Update with this number sent and not yet answered? */
bool mr_reg_is_outstanding(const struct mr_reg *reg, uint16_t seq);
/* "idle", "waiting", "bound", "refused", "lapsed", "home". */
const char *mr_reg_state_name(enum mr_reg_state state);
