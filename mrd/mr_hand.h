/*
 * mr_hand.h - a guest that moves: what its two hosts and the home agent say about it.
 *
 * The destination asks at `incoming` whether it may have the guest and where it is.
 * From a yes on, what the guest sends there may use the tunnel (the home agent takes
 * it), and what comes from the source is let in. The source hears who is expected,
 * hands the guest over the moment it stops, by a Binding Update with the other's
 * address as Alternate Care-of Address, and sends on what still arrives.
 *
 * None of it is needed: where a message is lost, or the home agent knows nothing of
 * all this, the registration at `running` does what RFC 3963 says, at its cost.
 *
 * Source: doc/design.md, "Switch early"; common/wire/hand.h; requirements X-03,
 *         M-43.
 * Layer:  core. The same step function for both ends; time is an argument.
 */
#pragma once

#include "common/base/mono.h"
#include "common/wire/hand.h"

#define MR_ASK_FIRST_MS 100   /* until the question goes again; doubles */
#define MR_ASK_AGAIN_MS 30000 /* while the guest is awaited; the home agent forgets after 90 s */
#define MR_HANDS 3	      /* Binding Updates for the other at most: the second's share (M-43) */
#define MR_HAND_RTT_MS 100    /* to the home agent, while it is not known */

enum mr_ask {
	MR_ASK_NONE, /* nothing is asked */
	MR_ASK_OPEN,
	MR_ASK_YES,
	MR_ASK_NO,	/* status says why */
	MR_ASK_UNKNOWN, /* a home agent that does not know the question, or does not answer */
};

struct mr_hand_conf {
	bool ask;		/* at `incoming` */
	bool early;		/* hand over when it stops */
	int64_t ask_timeout_ms; /* then it is MR_ASK_UNKNOWN */
	int64_t grace_ms;	/* so long after the end of it */
};

struct mr_hand;

/* None of them calls back. */
struct mr_hand_ops {
	/* Send ASK with this code and hand->id. */
	void (*ask)(void *ctx, const struct mr_hand *hand, uint8_t code);
	/*
	 * Send a Binding Update that names hand->target. True with its sequence number;
	 * false: not now (M-43), or not at all.
	 */
	bool (*hand_over)(
	    void *ctx, const struct mr_hand *hand, const struct tick *now, uint16_t *ret_seq);
	/* hand->ask is not MR_ASK_OPEN any more; MR_ASK_NONE: the word that asked was taken back.
	 */
	void (*answered)(void *ctx, const struct mr_hand *hand);
};

struct mr_hand {
	const struct mr_hand_conf *conf; /* borrowed */
	const struct mr_hand_ops *ops;
	void *ctx;

	/* As the destination. */
	enum mr_ask ask;
	uint16_t id;
	uint8_t status;		/* with MR_ASK_NO */
	unsigned asks;		/* sent since `asked` */
	mono_t asked;		/* when the question now open was asked first */
	mono_t ask_due;		/* ask again */
	struct in6_addr source; /* who has it: lets in what comes from there; ::, nobody */
	mono_t source_over;
	bool expected; /* by the home agent: it takes what the guest sends from here */
	struct {       /* the source has handed it over, said the home agent then */
		mono_t at;
		uint16_t seq;
		uint32_t lifetime_s; /* 0: not so */
	} switched;

	/* As the source. */
	struct in6_addr target; /* who is to get it; ::, nobody */
	mono_t target_over;
	bool stopped; /* the guest does not run here, and the target may have it */
	bool handed;  /* the home agent has acknowledged it */
	unsigned hands;
	uint16_t seq[MR_HANDS]; /* of those sent */
	mono_t due;		/* hand over again */

	int64_t rtt_ms; /* to the home agent, the last one measured; 0: none */
};

void mr_hand_init(struct mr_hand *hand, const struct mr_hand_conf *conf,
    const struct mr_hand_ops *ops, void *ctx);

/* ---- words ---- */

/* It will arrive here. id: of the question, different from the last. */
void mr_hand_incoming(struct mr_hand *hand, uint16_t id, const struct tick *now);
void mr_hand_suspended(struct mr_hand *hand, const struct tick *now);
void mr_hand_running(struct mr_hand *hand, const struct tick *now);
/* incoming: it was awaited, and does not come. */
void mr_hand_gone(struct mr_hand *hand, bool incoming, const struct tick *now);
/* It was shut down, or is known no more: nobody else has it. */
void mr_hand_ended(struct mr_hand *hand);

/* ---- messages; false: nothing that was waited for ---- */

/* self: this host's care-of address. */
bool mr_hand_answer(struct mr_hand *hand, const struct hand *answer, const struct in6_addr *self,
    const struct tick *now);
/* The home agent does not know the question: Binding Error, status 2. */
bool mr_hand_not_understood(struct mr_hand *hand);
/* EXPECTED, about a guest that is here; false: it concerns nobody. */
bool mr_hand_expected(struct mr_hand *hand, const struct hand *notice, const struct in6_addr *self,
    const struct tick *now);
/* SWITCHED, at the destination. */
bool mr_hand_switched(struct mr_hand *hand, const struct hand *notice, const struct tick *now);
/* A Binding Acknowledgement: does it answer what was sent for the other? */
bool mr_hand_acknowledged(struct mr_hand *hand, const struct mh_ba *ba, const struct tick *now);

/* ---- time ---- */

void mr_hand_tick(struct mr_hand *hand, const struct tick *now);
mono_t mr_hand_due(const struct mr_hand *hand);

/* Where what comes for the guest is to be sent on to, or NULL: it is kept here. */
const struct in6_addr *mr_hand_onward(const struct mr_hand *hand);
/* "none", "open", "yes", "no", "unknown" */
const char *mr_ask_name(enum mr_ask ask);
