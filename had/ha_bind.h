/*
 * ha_bind.h - the binding cache: home address to care-of address and prefixes.
 *
 * Memory only: who may register, what the kernel has to do and what is answered
 * is decided elsewhere (ha_verdict.h, ha_plan.h, ha.h).
 *
 * Each binding claims its prefixes and its home address, so that what overlaps
 * whom is one question to a trie.
 *
 * Source: RFC 6275 10.1, RFC 3963 6.1.1.
 * Layer:  core.
 */
#pragma once

#include "common/base/kobj.h"
#include "common/base/mono.h"
#include "common/base/trie.h"
#include "common/wire/mh_opt.h"
#include "had/ha_due.h"
#include "had/ha_hash.h"

/* What a mobile router registered and was granted. */
struct ha_reg {
	struct in6_addr hoa, coa;
	bool mobile_router; /* R */
	bool link_local;    /* L: its link-local address was tested and is defended, too */
	bool explicit;	    /* the prefixes came in the message, not from the table */
	uint16_t seq;
	uint32_t lifetime_s;
	uint8_t n; /* 0 if it is no mobile router */
	struct ip6_prefix prefix[MH_PREFIX_MAX];
};

/* The prefixes and, if none of them covers it, the home address: what is routed to it. */
#define HA_CLAIMS_MAX (MH_PREFIX_MAX + 1)
uint8_t ha_reg_claims(const struct ha_reg *r, struct ip6_prefix ret_claims[static HA_CLAIMS_MAX]);

/* A care-of address it had before: packets from there are still taken. */
#define HA_LATE_MAX 4
struct ha_late {
	struct in6_addr coa;
	mono_t until;
};

enum ha_bind_state {
	HA_BOUND,
	HA_DELETED /* RFC 6275 10.3.2: only its sequence number counts */
};

struct ha_bind {
	struct ha_reg reg;
	enum ha_bind_state state;
	mono_t expires; /* bound: the lifetime's end; deleted: when it is forgotten */
	mono_t since;	/* of the first of this run of registrations */
	uint32_t moves;
	uint8_t lates;
	struct ha_late late[HA_LATE_MAX]; /* newest first */
	struct ha_hand *hand;		  /* it is about to move (ha_hand.h), or NULL; owned */
	struct plan plan;		  /* what it has in the kernel (want.h) */
	mono_t due;			  /* written by ha_due_set alone */
	size_t slot;			  /* ha_due's */
	UT_hash_handle hh;		  /* by reg.hoa */
};

struct ha_cache {
	struct ha_bind *by_hoa;
	struct trie claims; /* ha_bind */
	struct ha_due due;
	size_t n; /* deleted ones too */
};

void ha_cache_init(struct ha_cache *c);
void ha_cache_done(struct ha_cache *c); /* frees every binding and its plan's memory */

/* NULL if there is none, not even a deleted one. */
struct ha_bind *ha_cache_find(const struct ha_cache *c, const struct in6_addr *hoa);
/* A new one, deleted and without claims. 0 or -ENOMEM. */
int ha_cache_add(struct ha_cache *c, const struct in6_addr *hoa, struct ha_bind **ret_bind);
/* Its plan must be empty, its memory is freed. */
void ha_cache_remove(struct ha_cache *c, struct ha_bind *b);

/*
 * Make b's claims those of `next`. Nobody else may hold one of them. 0, or
 * -ENOMEM with the claims as they were. b->reg is not changed by it.
 */
int ha_cache_claim(struct ha_cache *c, struct ha_bind *b, const struct ha_reg *next);
/* Let all of b's claims go. */
void ha_cache_unclaim(struct ha_cache *c, struct ha_bind *b);

/* Is it a binding that counts? One whose end has come does not, timer or no timer. */
static inline bool
ha_bind_is_live(const struct ha_bind *b, mono_t now)
{
	return b && b->state == HA_BOUND && !mono_reached(now, b->expires);
}

/* Does its sequence number count (M-09, M-27)? */
static inline bool
ha_bind_has_seq(const struct ha_bind *b, mono_t now)
{
	return b && !mono_reached(now, b->expires);
}
