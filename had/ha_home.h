/*
 * ha_home.h - physical home links: tests before a binding, defence while there is one.
 *
 * A home address on a link of ours (ha_policy.h) is tested there before its first
 * binding: its Binding Update waits a second for Duplicate Address Detection, and is
 * then judged like one that has just come. As long as it is bound, all that claim or
 * ask for it on the link hear that it is here: so are its prefixes if they lie in
 * the link's (the aggregated home network), and with the L bit its link-local
 * address. Nobody is told when a binding ends: no lookup finds it any more.
 *
 * Frames of our own, not the kernel's proxy: the R bit is each binding's, a prefix
 * has more addresses than a table, and nothing is to be switched on in the host.
 *
 * Source: RFC 6275 10.3.1, 10.3.2, 10.4.1; RFC 3963 6.2; RFC 4861 7.2.4, 7.2.8;
 *         RFC 4862 5.4; RFC 4887 6.4. Requirements M-17, M-18, M-28 to M-31, N-22, H-03.
 * Layer:  core.
 */
#pragma once

#include "common/wire/nd.h"
#include "had/ha_verdict.h"

#define HA_RETRANS_MS 1000    /* RFC 4861 10, RETRANS_TIMER: between all that is sent twice */
#define HA_ANNOUNCEMENTS 3    /* MAX_NEIGHBOR_ADVERTISEMENT */
#define HA_SOLICITATIONS 3    /* MAX_MULTICAST_SOLICIT */
#define HA_TESTS_MAX 1024     /* Binding Updates that wait at once */
#define HA_TESTS_OF_ONE 256   /* for one care-of address */
#define HA_SEARCHES_MAX 64    /* acknowledgements that wait for a link-layer address */
#define HA_DEFENCES_PER_S 100 /* advertisements against other claims, on all links */

struct ha;
struct ha_job;	 /* something that is sent, or waited for, once a second */
struct ha_local; /* a link-local address and whose it is */

/* Where a home link is, as far as it is there: the shell says so. */
struct ha_station {
	unsigned index; /* 0: it is not there */
	struct nd_mac mac;
	struct in6_addr source; /* an address of ours on it */
};

/* In their order: each is due HA_RETRANS_MS after it joined. */
struct ha_line {
	struct ha_job *first, *last;
	size_t n;
};

/* A part of struct ha (ha_core.h). */
struct ha_home {
	struct {
		char dev[KOBJ_DEV_MAX];
		struct ha_station at;
	} station[HA_LINKS_MAX];
	struct ha_line tests, announcements, searches;
	struct ha_job *jobs; /* of all three, by home address and kind */
	struct ha_local *locals;
	mono_t defences_since; /* the second in which the defences below were sent */
	unsigned defences;
};

void ha_home_done(struct ha_home *home);

/*
 * A Binding Update that would make a binding: must it wait? HA_REGISTERED: no, go on.
 * HA_WAITING: it is kept, or nothing new, and is answered by ha_settle (ha_core.h).
 * Otherwise why it is refused, with the sequence number to answer in ret_seq.
 */
enum ha_reason ha_home_test(
    struct ha *h, const struct ha_request *q, mono_t now, uint16_t *ret_seq);
/* Whoever takes his own Binding Update back is not waited for. */
void ha_home_withdraw(struct ha *h, const struct ha_request *q);

/* b is bound now and was not; and the opposite. */
void ha_home_bound(struct ha *h, struct ha_bind *b, mono_t now);
void ha_home_unbound(struct ha *h, const struct ha_bind *b);

/*
 * A refusal (M-28) to somebody at home: the routes of the binding would send it away.
 * True: it goes to his link-layer address once that is found. False: send it as ever.
 */
bool ha_home_answer(
    struct ha *h, const struct ip6_mh_packet *p, const struct ip6_mh_out *out, mono_t now);

void ha_home_tick(struct ha *h, mono_t now);
mono_t ha_home_deadline(const struct ha_home *home);
