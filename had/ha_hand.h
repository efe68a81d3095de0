/*
 * ha_hand.h - a guest is about to move: who asked, who is expected, who is told.
 *
 * The host that a guest will arrive at asks whether it may have it (common/wire/hand.h).
 * The answer is the verdict on the Binding Update it would send, and changes no binding.
 * If the guest is bound elsewhere, the host is expected from then on: its tunnel is
 * there, what comes out of it with the guest's sources is taken, and the host that
 * has the guest is told, so that it can hand it over the moment it stops, by a
 * Binding Update with the expected host as Alternate Care-of Address. The expected
 * host is told when that has happened.
 *
 * Source: RFC 7077 (notifications, their retransmission); requirements.
 * Layer:  core.
 */
#pragma once

#include "common/wire/hand.h"
#include "had/ha_bind.h"

#define HA_EXPECT_MS 90000 /* without another ASK; they come every 30 s */
#define HA_NOTICE_MS 50	   /* until an Update Notification goes again; doubles */
#define HA_NOTICE_SENDS 8  /* then nobody is there to hear it */

struct ha_notice {
	enum hand_kind kind; /* HAND_NONE: nothing is being said */
	struct in6_addr to;
	struct hand says;
	uint16_t seq;
	unsigned sends;
	mono_t due;
};

struct ha_hand {
	struct in6_addr expected; /* ::, nobody */
	mono_t until;
	struct ha_notice source, destination;
};

struct ha;

/* A message with an ASK: answered, and the asker expected. */
void ha_hand_ask(struct ha *h, mono_t now, const struct ip6_mh_packet *p, const struct mh *m,
    const struct hand *ask);
/* An Update Notification Acknowledgement. False: it acknowledges nothing. */
bool ha_hand_heard(struct ha *h, const struct ip6_mh_packet *p, const struct mh *m);
/* b moved here from `previous`, because somebody at `sender` said so. */
void ha_hand_moved(struct ha *h, struct ha_bind *b, const struct in6_addr *previous,
    const struct in6_addr *sender, mono_t now);

mono_t ha_hand_due(const struct ha_bind *b);
/* Do what is due. True: nobody is expected any more, and b's plan has to be made anew. */
bool ha_hand_tick(struct ha *h, struct ha_bind *b, mono_t now);
/* Nobody is expected and nobody told: the binding ends. */
void ha_hand_end(struct ha_bind *b);

/* Whose packets are taken besides the binding's own: `lates` of before, and who is expected. */
uint8_t ha_hand_also(const struct ha_bind *b, const struct in6_addr *coa,
    const struct ha_late *late, uint8_t lates, struct ha_late ret_also[static HA_LATE_MAX + 1]);
