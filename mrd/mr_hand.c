/* mr_hand.c - see mr_hand.h. */
#include "mrd/mr_hand.h"

#include <string.h>

static void
forget_source(struct mr_hand *hand)
{
	hand->source = in6addr_any;
	hand->source_over = MONO_NEVER;
	hand->expected = false;
	hand->switched.lifetime_s = 0;
}

static void
forget_target(struct mr_hand *hand)
{
	hand->target = in6addr_any;
	hand->target_over = MONO_NEVER;
	hand->due = MONO_NEVER;
	hand->hands = 0;
	hand->handed = false;
}

void
mr_hand_init(
    struct mr_hand *hand, const struct mr_hand_conf *conf, const struct mr_hand_ops *ops, void *ctx)
{
	memset(hand, 0, sizeof(*hand));
	hand->conf = conf;
	hand->ops = ops;
	hand->ctx = ctx;
	hand->asked = MONO_NEVER;
	hand->ask_due = MONO_NEVER;
	forget_source(hand);
	forget_target(hand);
}

/* ---- the destination ---- */

static void
send_ask(struct mr_hand *hand, const struct tick *now)
{
	hand->ask_due = mono_add_ms(now->now, (int64_t)MR_ASK_FIRST_MS << hand->asks);
	hand->asks++;
	hand->ops->ask(hand->ctx, hand, HAND_EXPECT_ME);
}

static void
settle(struct mr_hand *hand, enum mr_ask ask)
{
	hand->ask = ask;
	hand->ask_due = MONO_NEVER;
	hand->ops->answered(hand->ctx, hand);
}

/* There is nothing more to know. */
static void
end_ask(struct mr_hand *hand)
{
	bool open = hand->ask == MR_ASK_OPEN;

	hand->ask = MR_ASK_NONE;
	hand->asks = 0;
	hand->ask_due = MONO_NEVER;
	if (open)
		hand->ops->answered(hand->ctx, hand);
}

void
mr_hand_incoming(struct mr_hand *hand, uint16_t id, const struct tick *now)
{
	forget_source(hand);
	forget_target(hand); /* it comes back to where it left */
	hand->stopped = false;
	if (!hand->conf->ask)
		return;
	hand->ask = MR_ASK_OPEN;
	hand->id = id;
	hand->asks = 0;
	hand->asked = now->now;
	send_ask(hand, now);
}

bool
mr_hand_answer(struct mr_hand *hand, const struct hand *answer, const struct in6_addr *self,
    const struct tick *now)
{
	if (hand->asks == 0 || answer->id != hand->id)
		return false;
	if (hand->asks == 1) /* of several, nobody knows which it answers */
		hand->rtt_ms = now->now.ms - hand->asked.ms;
	hand->asks = 0;
	if (answer->code >= MH_UNSPECIFIED) {
		hand->status = answer->code;
		forget_source(hand);
		settle(hand, MR_ASK_NO);
		return true;
	}
	hand->source = answer->careof;
	hand->source_over = MONO_NEVER;
	hand->expected = !ip6_is_any(&answer->careof) && !ip6_equal(&answer->careof, self);
	if (!hand->expected)
		hand->source = in6addr_any;
	if (hand->ask != MR_ASK_YES)
		settle(hand, MR_ASK_YES);
	hand->ask_due = mono_add_ms(now->now, MR_ASK_AGAIN_MS);
	return true;
}

bool
mr_hand_not_understood(struct mr_hand *hand)
{
	if (hand->ask != MR_ASK_OPEN)
		return false;
	hand->asks = 0;
	settle(hand, MR_ASK_UNKNOWN);
	return true;
}

bool
mr_hand_switched(struct mr_hand *hand, const struct hand *notice, const struct tick *now)
{
	if (hand->ask != MR_ASK_YES)
		return false;
	hand->switched.at = now->now;
	hand->switched.seq = notice->seq;
	hand->switched.lifetime_s = notice->lifetime_s;
	return true;
}

/* Asked in vain: unknown, but no longer so if an answer still comes. */
static void
tick_ask(struct mr_hand *hand, const struct tick *now)
{
	if (!mono_reached(now->now, hand->ask_due))
		return;
	if (hand->asks == 0) { /* time to be expected longer */
		hand->asked = now->now;
		hand->id++;
		send_ask(hand, now);
		return;
	}
	if (hand->ask == MR_ASK_OPEN &&
	    now->now.ms - hand->asked.ms >= hand->conf->ask_timeout_ms) {
		settle(hand, MR_ASK_UNKNOWN);
		return;
	}
	if (hand->ask == MR_ASK_YES && hand->asks > 4) {
		hand->asks = 0;
		hand->ask_due = mono_add_ms(now->now, MR_ASK_AGAIN_MS);
		return;
	}
	send_ask(hand, now);
	if (hand->ask == MR_ASK_OPEN)
		hand->ask_due =
		    mono_min(hand->ask_due, mono_add_ms(hand->asked, hand->conf->ask_timeout_ms));
}

/* ---- the source ---- */

static void
hand_over(struct mr_hand *hand, const struct tick *now)
{
	int64_t rtt_ms = hand->rtt_ms > 0 ? hand->rtt_ms : MR_HAND_RTT_MS;

	hand->due = MONO_NEVER;
	if (hand->hands == MR_HANDS ||
	    !hand->ops->hand_over(hand->ctx, hand, now, &hand->seq[hand->hands]))
		return;
	/* Sooner than M-41 has it: at its price a lost one would cost the guest a second. */
	hand->due = mono_add_ms(now->now, (rtt_ms * 3 + 1) / 2 << hand->hands);
	hand->hands++;
}

bool
mr_hand_expected(struct mr_hand *hand, const struct hand *notice, const struct in6_addr *self,
    const struct tick *now)
{
	bool stopped = hand->stopped;

	if (ip6_equal(&notice->careof, self))
		return false;
	if (ip6_equal(&notice->careof, &hand->target))
		return true;
	forget_target(hand);
	hand->target = notice->careof;
	if (stopped && !ip6_is_any(&hand->target) && hand->conf->early)
		hand_over(hand, now);
	return true;
}

bool
mr_hand_acknowledged(struct mr_hand *hand, const struct mh_ba *ba, const struct tick *now)
{
	for (unsigned i = 0; i < hand->hands; i++) {
		if (hand->seq[i] != ba->seq || hand->handed)
			continue;
		hand->due = MONO_NEVER;
		hand->handed = ba->status < MH_UNSPECIFIED;
		return true;
	}
	/* 135 has the home agent's number, not ours; who keeps numbers has learnt it. */
	if (ba->status == MH_SEQUENCE && hand->hands > 0 && !hand->handed) {
		hand_over(hand, now);
		return true;
	}
	return false;
}

/* ---- words ---- */

void
mr_hand_suspended(struct mr_hand *hand, const struct tick *now)
{
	if (hand->stopped)
		return;
	hand->stopped = true;
	if (!ip6_is_any(&hand->target) && hand->conf->early)
		hand_over(hand, now);
}

/* Here: as the destination it has arrived, as the source it did not go after all. */
void
mr_hand_running(struct mr_hand *hand, const struct tick *now)
{
	end_ask(hand);
	if (!ip6_is_any(&hand->source))
		hand->source_over = mono_add_ms(now->now, hand->conf->grace_ms);
	if (hand->hands > 0) { /* what the other has got by now comes back */
		hand->source = hand->target;
		hand->source_over = mono_add_ms(now->now, hand->conf->grace_ms);
		forget_target(hand);
	}
	hand->stopped = false;
}

void
mr_hand_gone(struct mr_hand *hand, bool incoming, const struct tick *now)
{
	if (incoming && hand->ask != MR_ASK_NONE && hand->ask != MR_ASK_NO)
		hand->ops->ask(hand->ctx, hand, 0);
	end_ask(hand);
	if (incoming && hand->expected) { /* back to who has it; that is his to say */
		hand->target = hand->source;
		hand->stopped = true;
	}
	forget_source(hand);
	if (!ip6_is_any(&hand->target)) {
		if (!hand->stopped)
			mr_hand_suspended(hand, now);
		hand->target_over = mono_add_ms(now->now, hand->conf->grace_ms);
	}
	hand->stopped = !ip6_is_any(&hand->target);
}

void
mr_hand_ended(struct mr_hand *hand)
{
	end_ask(hand);
	forget_source(hand);
	forget_target(hand);
	hand->stopped = false;
}

/* ---- time ---- */

void
mr_hand_tick(struct mr_hand *hand, const struct tick *now)
{
	tick_ask(hand, now);
	if (mono_reached(now->now, hand->due))
		hand_over(hand, now);
	if (mono_reached(now->now, hand->source_over))
		forget_source(hand);
	if (mono_reached(now->now, hand->target_over)) {
		forget_target(hand);
		hand->stopped = false;
	}
}

mono_t
mr_hand_due(const struct mr_hand *hand)
{
	return mono_min(
	    mono_min(hand->ask_due, hand->due), mono_min(hand->source_over, hand->target_over));
}

const struct in6_addr *
mr_hand_onward(const struct mr_hand *hand)
{
	return hand->stopped && hand->conf->early && !ip6_is_any(&hand->target) ? &hand->target
										: NULL;
}

const char *
mr_ask_name(enum mr_ask ask)
{
	static const char *const names[] = {
		[MR_ASK_NONE] = "none",
		[MR_ASK_OPEN] = "open",
		[MR_ASK_YES] = "yes",
		[MR_ASK_NO] = "no",
		[MR_ASK_UNKNOWN] = "unknown",
	};

	return names[ask];
}
