/*
 * hand.h - what mrd and had say to each other about a guest that is about to move.
 *
 * Four things, all of one layout, in a Vendor Specific option (RFC 5094). Those
 * of mrd, and had's answers to them, travel in an Experimental Mobility Header
 * (RFC 5096): a home agent that knows nothing of this says Binding Error, status 2
 * (RFC 6275 9.2), and changes nothing. Those that had begins are Update
 * Notifications for a vendor specific reason (RFC 7077 4.1).
 *
 *	kind         from, to             carried by
 *	ASK          destination, agent   Experimental, with Mobile Network Prefixes
 *	ANSWER       agent, destination   Experimental
 *	EXPECTED     agent, source        Update Notification
 *	SWITCHED     agent, destination   Update Notification
 *
 * All go from and to care-of addresses: no Home Address option (requirement M-06).
 * doc/design.md, "Switch early", says who sends what when, and why.
 *
 *	octets of the option's data
 *	0   code        ASK: 1 expect me, 0 do not (or no more); ANSWER: a status of
 *	                RFC 6275 6.1.8; else 0
 *	1   id          ASK: any; ANSWER: the ASK's
 *	3   seq         ANSWER: last accepted, 0 if none; SWITCHED: accepted now
 *	5   flags       ASK: those the Binding Update will have
 *	7   lifetime    units of 4 s. ASK: wanted; ANSWER, SWITCHED: granted
 *	9   home        Home Address it is about
 *	25  care-of     ASK: where it will be; ANSWER: where it is, :: nowhere;
 *	                EXPECTED: who is, :: nobody any more; SWITCHED: where it was
 *
 * Layer: wire.
 */
#pragma once

#include "common/wire/mh.h"

/*
 * No enterprise number has been assigned to the project yet. This one is the
 * example's of RFC 5612, with subtypes that nobody else is likely to use.
 */
#define HAND_VENDOR 32473
#define HAND_UPN_REASON 3    /* VENDOR-SPECIFIC-REASON, RFC 7077 4.1 */
#define HAND_UPA_MISSING 129 /* MISSING-VENDOR-SPECIFIC-OPTION, RFC 7077 4.2 */

enum hand_kind {
	HAND_NONE,
	HAND_ASK = 201, /* the option's subtype */
	HAND_ANSWER,
	HAND_EXPECTED,
	HAND_SWITCHED,
};

#define HAND_EXPECT_ME 1
#define HAND_OCTETS 41 /* of the option's data */

struct hand {
	enum hand_kind kind;
	uint8_t code;
	uint16_t id, seq;
	uint16_t flags;	     /* enum mh_bu_flag */
	uint32_t lifetime_s; /* multiple of 4 */
	struct in6_addr home, careof;
};

/*
 * Which of these, if any, the options of m hold: the first of our vendor. Returns
 * 0; -ENOENT if there is none, or one of a kind that m's type does not carry;
 * -EBADMSG if its data are too short. Octets beyond are ignored (a later version's).
 */
int hand_get(const struct mh *m, struct hand *ret_hand);

/*
 * Put it into m->opts. octets is borrowed by m until it is encoded.
 */
void hand_put(struct mh *m, const struct hand *h, uint8_t octets[static HAND_OCTETS]);
