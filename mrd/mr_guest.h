/*
 * mr_guest.h - the guests this host knows, and the life of each on it.
 *
 * A guest is absent, arriving, running, suspended or leaving. Hypervisors say so
 * in words that come in any order, repeated, or with steps missing; which word is
 * possible when is a table of its own (life, in mr_guest.c).
 *
 * Layer: core.
 */
#pragma once

/* Running out of memory is an error, not the end. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->hh.tbl = NULL)
#include <uthash.h>

#include "common/base/trie.h"
#include "mrd/mr_agent.h"
#include "mrd/mr_conf.h"
#include "mrd/mr_gateway.h"
#include "mrd/mr_home.h"
#include "mrd/mr_hand.h"
#include "mrd/mr_prefix.h"
#include "mrd/mr_reg.h"

enum mr_guest_state {
	MR_ABSENT,
	MR_INCOMING, /* it will arrive: what comes from the tunnel waits at its port */
	MR_RUNNING,
	MR_SUSPENDED, /* stopped here, and may be gone already */
	MR_LEAVING,   /* gone; late packets are still caught, for the grace */
	MR_GUEST_STATES
};

enum mr_word {
	MR_WORD_INCOMING,
	MR_WORD_RUNNING,
	MR_WORD_SUSPENDED,
	MR_WORD_GONE,
	MR_WORD_OVER, /* the grace of a leaving guest is over; nobody says this */
	MR_WORDS
};

enum mr_origin {
	MR_ORIGIN_CONFIG,  /* mrd.conf */
	MR_ORIGIN_CONTROL, /* `guest define`: until `guest forget` */
	MR_ORIGIN_VISIT,   /* `guest incoming` with keys: as long as it is here */
};

struct mr_guest {
	UT_hash_handle hh;
	struct mr_guest_conf conf; /* its name is the hash key */
	enum mr_origin origin;
	unsigned index; /* of its routing table */

	enum mr_guest_state state; /* written only by mr_guest_enter() */
	mono_t since;		   /* NEVER: it has always been so */
	mono_t over;		   /* when a leaving guest's grace ends */

	struct mr_reg reg;
	struct mr_tried tried;	    /* home agents and modes, in vain */
	bool undecided;		    /* the newest of them is not yet acted on */
	bool withdrawn;		    /* its prefixes were refused for good (RFC 3963 5.4.2) */
	struct mr_reg_with live;    /* registered there before it fell silent, */
	mono_t live_until;	    /* until then */
	struct in6_addr late_agent; /* the one before; ::, or until the grace is over */
	mono_t late_over;
	struct mr_hand hand;
	bool keeping; /* copies of what goes out on its link are kept for it */
	struct mr_gateway gateway;
	struct mr_homing homing;
	struct mr_prefix home_prefix;
	uint8_t formers; /* prefixes it had here; it is told that they are no more */
	struct ip6_prefix former[MR_PREFIX_MAX];

	struct plan plan; /* what it holds of the kernel's objects */
	bool dirty;	  /* plan may be out of date */
	mono_t retry;	  /* the kernel refused the plan: try again then */
	void *owner;	  /* the core it belongs to */
};

struct mr_guests {
	struct mr_guest *by_name; /* uthash */
	struct trie prefixes;	  /* MNPs and Home Addresses outside of them */
	uint8_t *index_used;	  /* one octet per table index */
	unsigned max;
};

int mr_guests_init(struct mr_guests *all, unsigned max); /* 0 or -ENOMEM */
void mr_guests_done(struct mr_guests *all);

struct mr_guest *mr_guests_find(const struct mr_guests *all, const char *name);
struct mr_guest *mr_guests_by_home(const struct mr_guests *all, const struct in6_addr *home);
/* A guest other than `but` that has a part of one of conf's addresses, or NULL. */
const struct mr_guest *mr_guests_overlap(
    const struct mr_guests *all, const struct mr_guest_conf *conf, const struct mr_guest *but);

#define MR_INDEX_ANY UINT32_MAX

/*
 * Add a guest with nothing but its configuration. index: of its routing table, or
 * MR_INDEX_ANY. 0, -EEXIST for an overlap, -ENOSPC for too many, -ENOMEM.
 */
int mr_guests_add(struct mr_guests *all, const struct mr_guest_conf *conf, uint32_t index,
    struct mr_guest **ret_guest);
/* Another configuration for one that is there. Same errors; then nothing changed. */
int mr_guests_change(struct mr_guests *all, struct mr_guest *g, const struct mr_guest_conf *conf);
/* Prefixes that the guest had and has no more, for its advertisements (RFC 4861 6.2.8 writes 0). */
void mr_guest_note_former(struct mr_guest *g, const struct mr_guest_conf *old);
/* Let go of its addresses before a change of several guests that swap some. */
void mr_guests_release(struct mr_guests *all, struct mr_guest *g);
void mr_guests_remove(struct mr_guests *all, struct mr_guest *g); /* frees it */

/* Same addresses, MACs and link, in the same order? */
bool mr_guest_conf_equal(const struct mr_guest_conf *a, const struct mr_guest_conf *b);
/* Do they claim a part of the same addresses? */
bool mr_guest_confs_overlap(const struct mr_guest_conf *a, const struct mr_guest_conf *b);
/* Is the Home Address outside of all of its prefixes? */
bool mr_guest_home_is_apart(const struct mr_guest_conf *conf);

/* ---- life ---- */

enum mr_life_reg { MR_LIFE_KEEP, MR_LIFE_ATTACH, MR_LIFE_NUDGE, MR_LIFE_HOLD, MR_LIFE_DETACH };

struct mr_life {
	enum mr_guest_state from;
	enum mr_word on;
	enum mr_guest_state to;
	enum mr_life_reg reg; /* what the registration hears of it; MR_LIFE_NUDGE: "once more" */
};

/* What the word does in this state, or NULL: it cannot be done. */
const struct mr_life *mr_life_rule(enum mr_guest_state from, enum mr_word on);

/* The one writer of state. Keeps the time since when, and starts the grace of leaving. */
void mr_guest_enter(struct mr_guest *g, enum mr_guest_state to, mono_t now, int64_t grace_ms);

/* Incoming, running or suspended: its Home Address and routes are here. */
bool mr_guest_is_here(const struct mr_guest *g);

const char *mr_guest_state_name(enum mr_guest_state state);
/* Returns 0, or -EINVAL. */
int mr_guest_state_of_name(const char *name, enum mr_guest_state *ret_state);
const char *mr_word_name(enum mr_word word);
const char *mr_origin_name(enum mr_origin origin); /* "config" or "control" */
/* In the run-time file: "config", "control" or "visit". */
const char *mr_origin_word(enum mr_origin origin);
int mr_origin_of_word(const char *word, enum mr_origin *ret_origin); /* 0 or -EINVAL */
