/*
 * mr_reg.c - see mr_reg.h. Long: the table of all transitions, and what each of them does, belong
 * together.
 */
#include "mrd/mr_reg.h"

#include <assert.h>
#include <string.h>

#include "common/base/base.h"

#define LIFETIME_UNIT_S 4 /* RFC 6275 6.1.7 */

struct input {
	enum mr_reg_event event;
	const struct tick *now;
	const struct mh *ba;		/* of acknowledgements */
	const struct mr_reg_sent *sent; /* what an accepting one answers */
};

/* ---- sending ---- */

/* Is there a binding at the home agent, as far as we know? */
static bool
is_known(const struct mr_reg *reg, mono_t now)
{
	return reg->expires.ms != INT64_MAX && mono_before(now, reg->expires);
}

static void
remember(struct mr_reg *reg, const struct mr_reg_bu *bu, mono_t now)
{
	if (reg->outstanding == MR_REG_OUTSTANDING) {
		memmove(&reg->out[0], &reg->out[1], sizeof(reg->out) - sizeof(reg->out[0]));
		reg->outstanding--;
	}
	reg->out[reg->outstanding++] =
	    (struct mr_reg_sent){ .seq = bu->seq, .lifetime_s = bu->lifetime_s, .at = now };
}

static bool
is_farewell(const struct mr_reg *reg)
{
	return reg->state == MR_REG_LEAVING || reg->state == MR_REG_UNROUTED;
}

/* What it sends ends a binding. */
static bool
deregisters(const struct mr_reg *reg)
{
	return is_farewell(reg) || reg->state == MR_REG_RETURNING;
}

/*
 * M-38: within the valid lifetime of the home prefix. When that is over, the least there is:
 * the home agent says what becomes of it.
 */
static uint32_t
lifetime_to_ask_for(const struct mr_reg *reg, mono_t now)
{
	int64_t left_s = mono_left_ms(now, reg->valid_until) / 1000;

	if (left_s >= reg->conf->lifetime_s)
		return reg->conf->lifetime_s;
	left_s -= left_s % LIFETIME_UNIT_S;
	return left_s > 0 ? (uint32_t)left_s : LIFETIME_UNIT_S;
}

/* Send now, or as soon as the rate allows; then wait for the answer. */
static void
transmit(struct mr_reg *reg, const struct input *in)
{
	const struct tick *now = in->now;
	mono_t clear = mr_rate_clear(&reg->rate, now->now);
	struct mr_reg_bu bu;

	reg->due = MONO_NEVER;
	reg->wait_ms = 0;
	if (reg->held || ip6_is_any(&reg->careof) || ip6_is_any(&reg->with.home_agent))
		return;
	if (mono_before(clear, reg->not_before))
		clear = reg->not_before;
	if (mono_before(now->now, clear)) {
		reg->due = clear;
		return;
	}

	bu.seq = mr_seq_next(&reg->seq, now->unix_ms);
	bu.lifetime_s = deregisters(reg) ? 0 : lifetime_to_ask_for(reg, now->now);
	mr_rate_count(&reg->rate, now->now);
	remember(reg, &bu, now->now);
	reg->sends++;
	reg->due = mono_add_ms(now->now, reg->timeout_ms);
	reg->wait_ms = reg->timeout_ms;
	reg->timeout_ms *= 2;
	if (reg->timeout_ms > MR_REG_TIMEOUT_MAX_MS)
		reg->timeout_ms = MR_REG_TIMEOUT_MAX_MS;
	reg->ops->send(reg->ctx, reg, &bu, now);
}

/* ---- what a transition does ---- */

static void
nothing(struct mr_reg *reg, const struct input *in)
{
	(void)reg;
	(void)in;
}

/* A new question. RFC 6275 11.8: 1.5 s for an answer if the home agent may do DAD. */
static void
ask(struct mr_reg *reg, const struct input *in)
{
	reg->asking = true;
	reg->refreshing = in->event == MR_REG_TIMER || in->event == MR_REG_NUDGE;
	reg->asked = in->now->now;
	reg->sends = 0;
	reg->sequence_naks = 0;
	reg->timeout_ms =
	    is_known(reg, in->now->now) ? MR_REG_TIMEOUT_MS : reg->conf->first_timeout_ms;
}

static void
begin(struct mr_reg *reg, const struct input *in)
{
	ask(reg, in);
	transmit(reg, in);
}

/* RFC 3963 5.4.2: the home agent we turn away from has no binding of ours. */
static void
begin_anew(struct mr_reg *reg, const struct input *in)
{
	reg->outstanding = 0;
	reg->answered = false;
	reg->expires = MONO_NEVER;
	reg->granted_s = 0;
	ask(reg, in);
	reg->wait_ms = 0;
	reg->due = mono_before(in->now->now, reg->not_before) ? reg->not_before : in->now->now;
	if (reg->held)
		reg->due = MONO_NEVER;
}

/* What was sent from another care-of address, or to de-register, is not to be heard about. */
static void
begin_elsewhere(struct mr_reg *reg, const struct input *in)
{
	reg->outstanding = 0;
	begin(reg, in);
}

/* The same question again, or the first of a refresh. */
static void
resend(struct mr_reg *reg, const struct input *in)
{
	if (reg->asking)
		transmit(reg, in);
	else
		begin(reg, in);
}

/* Somebody asks for a Binding Update: one that is under way will do. */
static void
nudged(struct mr_reg *reg, const struct input *in)
{
	if (!reg->asking && !reg->held)
		begin(reg, in);
}

/* the destination may register at any moment from here on. */
static void
hold(struct mr_reg *reg, const struct input *in)
{
	(void)in;
	reg->held = true;
	reg->asking = false;
	reg->due = MONO_NEVER;
}

static void
drop(struct mr_reg *reg, const struct input *in)
{
	(void)in;
	reg->valid_until = MONO_NEVER;
	reg->held = false;
	reg->asking = false;
	reg->answered = false;
	reg->outstanding = 0;
	reg->due = MONO_NEVER;
	reg->expires = MONO_NEVER;
	reg->granted_s = 0;
}

/*
 * RFC 6275 11.7.3: the remaining lifetime counts from the sending of the Binding Update.
 * With status 1 the refresh waits for what mr_reg_learnt says, but not for ever.
 */
static void
bound(struct mr_reg *reg, const struct input *in)
{
	const struct mh *ba = in->ba;
	uint32_t granted_s = ba->ba.lifetime_s;
	uint32_t refresh_s;
	unsigned answered = (unsigned)(in->sent - reg->out) + 1;

	if (granted_s > in->sent->lifetime_s)
		granted_s = in->sent->lifetime_s;
	refresh_s = granted_s / 2;
	if (ba->opts.n[MH_OPT_REFRESH] && ba->opts.refresh_s > 0 && ba->opts.refresh_s < granted_s)
		refresh_s = ba->opts.refresh_s;

	reg->granted_s = granted_s;
	reg->acked = in->sent->seq;
	reg->expires = mono_add_ms(in->sent->at, (int64_t)granted_s * 1000);
	reg->due = mono_add_ms(in->sent->at, (int64_t)refresh_s * 1000);
	reg->asking = false;
	reg->sequence_naks = 0;
	reg->refresh = reg->due;
	if (ba->ba.status == MH_ACCEPTED_PREFIX_DISCOVERY)
		reg->due = mono_add_ms(reg->refresh, (int64_t)(granted_s - refresh_s) * 500);
	/* Older ones are overtaken; newer ones may still be answered. */
	reg->outstanding -= answered;
	memmove(&reg->out[0], &reg->out[answered], reg->outstanding * sizeof(reg->out[0]));
}

/* Registered by another for us. Its number counts as ours. */
static void
taken(struct mr_reg *reg, const struct input *in)
{
	reg->granted_s = in->sent->lifetime_s;
	reg->acked = in->sent->seq;
	reg->expires = mono_add_ms(in->sent->at, (int64_t)reg->granted_s * 1000);
	reg->refresh = mono_add_ms(in->now->now, MR_REG_CONFIRM_MS);
	reg->due = reg->refresh;
	reg->asked = in->now->now;
	reg->asking = false;
	reg->refreshing = false;
}

/*
 * RFC 6275 11.7.1: the next one follows the home agent's number. If what we sent
 * last is newer than that already, this answers an earlier one and all is well.
 */
static void
resequence(struct mr_reg *reg, const struct input *in)
{
	if (mh_seq_newer(reg->seq.last, in->ba->ba.seq))
		return;
	mr_seq_learn(&reg->seq, in->ba->ba.seq, in->now->unix_ms);
	/* A home agent that never agrees is asked at the pace of retransmission. */
	if (++reg->sequence_naks <= MR_REG_SEQUENCE_TRIES)
		transmit(reg, in);
}

/* Ask on, but slowly: the refusal may pass (RFC 6275 11.7.3). */
static void
later(struct mr_reg *reg, const struct input *in)
{
	reg->asking = true;
	reg->timeout_ms = MR_REG_TIMEOUT_MAX_MS;
	reg->wait_ms = in->event == MR_REG_PAUSE ? MR_REG_TIMEOUT_MAX_MS : 0; /* no answer either */
	reg->due = mono_add_ms(in->now->now, MR_REG_TIMEOUT_MAX_MS);
}

/* RFC 3963 5.4.2: after these the home agent has no binding of ours. */
static void
stop(struct mr_reg *reg, const struct input *in)
{
	(void)in;
	reg->asking = false;
	reg->outstanding = 0;
	reg->due = MONO_NEVER;
	reg->expires = MONO_NEVER;
	reg->granted_s = 0;
}

/* The lifetime is over: whatever we ask from now on is a first registration (M-59). */
static void
lapse(struct mr_reg *reg, const struct input *in)
{
	(void)in;
	reg->expires = MONO_NEVER;
	reg->granted_s = 0;
}

/* RFC 3963 5.8: lifetime 0, a few times, then the lifetime at the home agent has to do. */
static void
farewell(struct mr_reg *reg, const struct input *in)
{
	reg->outstanding = 0;
	reg->expires = MONO_NEVER;
	reg->granted_s = 0;
	begin(reg, in);
	if (ip6_is_any(&reg->careof)) {
		reg->sends = MR_REG_FAREWELLS;
		reg->due = in->now->now;
	}
}

/*
 * Every transition there is; on the home link WAITING is RETURNING. A pair that is not
 * here does nothing, on purpose: mr_reg_test.c walks all of them.
 */
static const struct rule {
	enum mr_reg_state from;
	enum mr_reg_event on;
	enum mr_reg_state to;
	void (*act)(struct mr_reg *, const struct input *);
} rules[] = {
	/* clang-format off */
	{ MR_REG_IDLE,     MR_REG_ATTACH,       MR_REG_WAITING,  begin },	/* RFC 6275 11.7.1 */
	{ MR_REG_IDLE,     MR_REG_TAKEN,        MR_REG_BOUND,    taken },

	{ MR_REG_WAITING,  MR_REG_TIMER,        MR_REG_WAITING,  resend },	/* RFC 6275 11.8 */
	{ MR_REG_WAITING,  MR_REG_SILENT,       MR_REG_WAITING,  later },
	{ MR_REG_WAITING,  MR_REG_SWITCH,       MR_REG_WAITING,  begin_anew },	/* RFC 6275 11.7.1 */
	{ MR_REG_WAITING,  MR_REG_ACK,          MR_REG_BOUND,    bound },	/* RFC 6275 11.7.3 */
	{ MR_REG_WAITING,  MR_REG_ACK_UNROUTED, MR_REG_UNROUTED, farewell },	/* RFC 3963 5.3 */
	{ MR_REG_WAITING,  MR_REG_NAK_SEQUENCE, MR_REG_WAITING,  resequence },
	{ MR_REG_WAITING,  MR_REG_NAK_LATER,    MR_REG_REFUSED,  later },
	{ MR_REG_WAITING,  MR_REG_NAK_STOP,     MR_REG_STOPPED,  stop },	/* RFC 3963 5.4 */
	{ MR_REG_WAITING,  MR_REG_NAK_BAR,      MR_REG_BARRED,   stop },	/* RFC 6275 11.7.1 */
	{ MR_REG_WAITING,  MR_REG_EXPIRE,       MR_REG_LAPSED,   lapse },	/* moved, never heard */
	{ MR_REG_WAITING,  MR_REG_PAUSE,        MR_REG_WAITING,  later },	/* RFC 6275 11.3.5 */
	{ MR_REG_WAITING,  MR_REG_MOVE,         MR_REG_WAITING,  begin_elsewhere },
	{ MR_REG_WAITING,  MR_REG_ATTACH,       MR_REG_WAITING,  begin },	/* resumed here */
	{ MR_REG_WAITING,  MR_REG_FORCE,        MR_REG_WAITING,  begin },
	{ MR_REG_WAITING,  MR_REG_HOLD,         MR_REG_WAITING,  hold },
	{ MR_REG_WAITING,  MR_REG_DEREGISTER,   MR_REG_LEAVING,  farewell },
	{ MR_REG_WAITING,  MR_REG_DETACH,       MR_REG_IDLE,     drop },

	/* A refresh refused for now leaves the binding as it was. */
	{ MR_REG_BOUND,    MR_REG_TIMER,        MR_REG_BOUND,    resend },
	{ MR_REG_BOUND,    MR_REG_SILENT,       MR_REG_BOUND,    later },
	{ MR_REG_BOUND,    MR_REG_SWITCH,       MR_REG_WAITING,  begin_anew },
	{ MR_REG_BOUND,    MR_REG_ACK,          MR_REG_BOUND,    bound },
	{ MR_REG_BOUND,    MR_REG_ACK_UNROUTED, MR_REG_UNROUTED, farewell },
	{ MR_REG_BOUND,    MR_REG_NAK_SEQUENCE, MR_REG_BOUND,    resequence },
	{ MR_REG_BOUND,    MR_REG_NAK_LATER,    MR_REG_BOUND,    later },
	{ MR_REG_BOUND,    MR_REG_NAK_STOP,     MR_REG_STOPPED,  stop },
	{ MR_REG_BOUND,    MR_REG_NAK_BAR,      MR_REG_BARRED,   stop },
	{ MR_REG_BOUND,    MR_REG_EXPIRE,       MR_REG_LAPSED,   lapse },
	{ MR_REG_BOUND,    MR_REG_NUDGE,        MR_REG_BOUND,    nudged },	/* RFC 6275 11.7.4 */
	{ MR_REG_BOUND,    MR_REG_PAUSE,        MR_REG_BOUND,    later },
	{ MR_REG_BOUND,    MR_REG_MOVE,         MR_REG_WAITING,  begin_elsewhere },
	{ MR_REG_BOUND,    MR_REG_ATTACH,       MR_REG_BOUND,    begin },	/* migration failed */
	{ MR_REG_BOUND,    MR_REG_FORCE,        MR_REG_BOUND,    begin },
	{ MR_REG_BOUND,    MR_REG_HOLD,         MR_REG_BOUND,    hold },
	{ MR_REG_BOUND,    MR_REG_DEREGISTER,   MR_REG_LEAVING,  farewell },
	{ MR_REG_BOUND,    MR_REG_DETACH,       MR_REG_IDLE,     drop },

	{ MR_REG_LAPSED,   MR_REG_TIMER,        MR_REG_LAPSED,   resend },
	{ MR_REG_LAPSED,   MR_REG_SILENT,       MR_REG_LAPSED,   later },
	{ MR_REG_LAPSED,   MR_REG_SWITCH,       MR_REG_WAITING,  begin_anew },
	{ MR_REG_LAPSED,   MR_REG_ACK,          MR_REG_BOUND,    bound },
	{ MR_REG_LAPSED,   MR_REG_ACK_UNROUTED, MR_REG_UNROUTED, farewell },
	{ MR_REG_LAPSED,   MR_REG_NAK_SEQUENCE, MR_REG_LAPSED,   resequence },
	{ MR_REG_LAPSED,   MR_REG_NAK_LATER,    MR_REG_REFUSED,  later },
	{ MR_REG_LAPSED,   MR_REG_NAK_STOP,     MR_REG_STOPPED,  stop },
	{ MR_REG_LAPSED,   MR_REG_NAK_BAR,      MR_REG_BARRED,   stop },
	{ MR_REG_LAPSED,   MR_REG_PAUSE,        MR_REG_LAPSED,   later },
	{ MR_REG_LAPSED,   MR_REG_NUDGE,        MR_REG_WAITING,  begin },
	{ MR_REG_LAPSED,   MR_REG_MOVE,         MR_REG_WAITING,  begin_elsewhere },
	{ MR_REG_LAPSED,   MR_REG_ATTACH,       MR_REG_WAITING,  begin },
	{ MR_REG_LAPSED,   MR_REG_FORCE,        MR_REG_WAITING,  begin },
	{ MR_REG_LAPSED,   MR_REG_HOLD,         MR_REG_LAPSED,   hold },
	{ MR_REG_LAPSED,   MR_REG_DEREGISTER,   MR_REG_LEAVING,  farewell },
	{ MR_REG_LAPSED,   MR_REG_DETACH,       MR_REG_IDLE,     drop },

	{ MR_REG_REFUSED,  MR_REG_TIMER,        MR_REG_REFUSED,  resend },
	{ MR_REG_REFUSED,  MR_REG_SILENT,       MR_REG_REFUSED,  later },
	{ MR_REG_REFUSED,  MR_REG_SWITCH,       MR_REG_WAITING,  begin_anew },
	{ MR_REG_REFUSED,  MR_REG_ACK,          MR_REG_BOUND,    bound },
	{ MR_REG_REFUSED,  MR_REG_ACK_UNROUTED, MR_REG_UNROUTED, farewell },
	{ MR_REG_REFUSED,  MR_REG_NAK_SEQUENCE, MR_REG_REFUSED,  resequence },
	{ MR_REG_REFUSED,  MR_REG_NAK_LATER,    MR_REG_REFUSED,  later },
	{ MR_REG_REFUSED,  MR_REG_NAK_STOP,     MR_REG_STOPPED,  stop },
	{ MR_REG_REFUSED,  MR_REG_NAK_BAR,      MR_REG_BARRED,   stop },
	{ MR_REG_REFUSED,  MR_REG_EXPIRE,       MR_REG_REFUSED,  lapse },
	{ MR_REG_REFUSED,  MR_REG_MOVE,         MR_REG_WAITING,  begin_elsewhere },
	{ MR_REG_REFUSED,  MR_REG_ATTACH,       MR_REG_WAITING,  begin },
	{ MR_REG_REFUSED,  MR_REG_FORCE,        MR_REG_WAITING,  begin },
	{ MR_REG_REFUSED,  MR_REG_HOLD,         MR_REG_REFUSED,  hold },
	{ MR_REG_REFUSED,  MR_REG_DEREGISTER,   MR_REG_IDLE,     drop },
	{ MR_REG_REFUSED,  MR_REG_DETACH,       MR_REG_IDLE,     drop },

	/* RFC 3963 5.4.2: stop. A guest's next life here, or the operator, begins anew. */
	{ MR_REG_STOPPED,  MR_REG_FORCE,        MR_REG_WAITING,  begin },
	{ MR_REG_STOPPED,  MR_REG_SWITCH,       MR_REG_WAITING,  begin_anew },	/* RFC 3963 5.4 */
	{ MR_REG_STOPPED,  MR_REG_DEREGISTER,   MR_REG_IDLE,     drop },
	{ MR_REG_STOPPED,  MR_REG_DETACH,       MR_REG_IDLE,     drop },

	/*
	 * RFC 6275 11.7.1: not this Home Address again, unless somebody says that it is free, or
	 * a guest begins here that was not here: then the home agent tests for duplicates anew.
	 */
	{ MR_REG_BARRED,   MR_REG_FORCE,        MR_REG_WAITING,  begin },
	{ MR_REG_BARRED,   MR_REG_DEREGISTER,   MR_REG_IDLE,     drop },
	{ MR_REG_BARRED,   MR_REG_DETACH,       MR_REG_IDLE,     drop },

	{ MR_REG_UNROUTED, MR_REG_TIMER,        MR_REG_UNROUTED, resend },
	{ MR_REG_UNROUTED, MR_REG_ACK,          MR_REG_STOPPED,  stop },
	{ MR_REG_UNROUTED, MR_REG_ACK_UNROUTED, MR_REG_STOPPED,  stop },
	{ MR_REG_UNROUTED, MR_REG_NAK_SEQUENCE, MR_REG_UNROUTED, resequence },
	{ MR_REG_UNROUTED, MR_REG_NAK_LATER,    MR_REG_STOPPED,  stop },
	{ MR_REG_UNROUTED, MR_REG_NAK_STOP,     MR_REG_STOPPED,  stop },
	{ MR_REG_UNROUTED, MR_REG_NAK_BAR,      MR_REG_BARRED,   stop },
	{ MR_REG_UNROUTED, MR_REG_GIVE_UP,      MR_REG_STOPPED,  stop },
	{ MR_REG_UNROUTED, MR_REG_HOLD,         MR_REG_UNROUTED, hold },
	{ MR_REG_UNROUTED, MR_REG_ATTACH,       MR_REG_UNROUTED, farewell },	/* resumed here */
	{ MR_REG_UNROUTED, MR_REG_FORCE,        MR_REG_WAITING,  begin_elsewhere },
	{ MR_REG_UNROUTED, MR_REG_DEREGISTER,   MR_REG_LEAVING,  nothing },
	{ MR_REG_UNROUTED, MR_REG_DETACH,       MR_REG_IDLE,     drop },

	{ MR_REG_LEAVING,  MR_REG_TIMER,        MR_REG_LEAVING,  resend },
	{ MR_REG_LEAVING,  MR_REG_ACK,          MR_REG_IDLE,     drop },
	{ MR_REG_LEAVING,  MR_REG_ACK_UNROUTED, MR_REG_IDLE,     drop },
	{ MR_REG_LEAVING,  MR_REG_NAK_SEQUENCE, MR_REG_LEAVING,  resequence },
	{ MR_REG_LEAVING,  MR_REG_NAK_LATER,    MR_REG_IDLE,     drop },
	{ MR_REG_LEAVING,  MR_REG_NAK_STOP,     MR_REG_IDLE,     drop },
	{ MR_REG_LEAVING,  MR_REG_NAK_BAR,      MR_REG_IDLE,     drop },
	{ MR_REG_LEAVING,  MR_REG_GIVE_UP,      MR_REG_IDLE,     drop },
	{ MR_REG_LEAVING,  MR_REG_ATTACH,       MR_REG_WAITING,  begin_elsewhere }, /* here again */
	{ MR_REG_LEAVING,  MR_REG_DETACH,       MR_REG_IDLE,     drop },

	/*
	 * RFC 6275 11.5.5. Any refusal but a late one says as well that there is no binding
	 * of ours, 133 in plain words. One that was never answered is not waited for in
	 * `deregister`: it has been sent.
	 */
	{ MR_REG_RETURNING, MR_REG_TIMER,       MR_REG_RETURNING, resend },
	{ MR_REG_RETURNING, MR_REG_ACK,         MR_REG_HOME,     stop },
	{ MR_REG_RETURNING, MR_REG_NAK_SEQUENCE, MR_REG_RETURNING, resequence },
	{ MR_REG_RETURNING, MR_REG_NAK_LATER,   MR_REG_RETURNING, later },
	{ MR_REG_RETURNING, MR_REG_NAK_STOP,    MR_REG_HOME,     stop },
	{ MR_REG_RETURNING, MR_REG_NAK_BAR,     MR_REG_HOME,     stop },
	{ MR_REG_RETURNING, MR_REG_PAUSE,       MR_REG_RETURNING, later },
	{ MR_REG_RETURNING, MR_REG_EXPIRE,      MR_REG_RETURNING, lapse },
	{ MR_REG_RETURNING, MR_REG_MOVE,        MR_REG_WAITING,  begin_elsewhere },
	{ MR_REG_RETURNING, MR_REG_ATTACH,      MR_REG_WAITING,  begin },
	{ MR_REG_RETURNING, MR_REG_FORCE,       MR_REG_WAITING,  begin },
	{ MR_REG_RETURNING, MR_REG_HOLD,        MR_REG_RETURNING, hold },
	{ MR_REG_RETURNING, MR_REG_DEREGISTER,  MR_REG_IDLE,     drop },
	{ MR_REG_RETURNING, MR_REG_DETACH,      MR_REG_IDLE,     drop },

	{ MR_REG_HOME,     MR_REG_MOVE,         MR_REG_WAITING,  begin_elsewhere },
	{ MR_REG_HOME,     MR_REG_ATTACH,       MR_REG_WAITING,  begin },	/* resumed here */
	{ MR_REG_HOME,     MR_REG_NUDGE,        MR_REG_WAITING,  begin },	/* it has one after all */
	{ MR_REG_HOME,     MR_REG_FORCE,        MR_REG_WAITING,  begin },
	{ MR_REG_HOME,     MR_REG_HOLD,         MR_REG_HOME,     hold },
	{ MR_REG_HOME,     MR_REG_DEREGISTER,   MR_REG_IDLE,     drop },
	{ MR_REG_HOME,     MR_REG_DETACH,       MR_REG_IDLE,     drop },
	/* clang-format on */
};

/* The one writer of state, but for mr_reg_resume. */
static void
step(struct mr_reg *reg, const struct input *in)
{
	for (size_t i = 0; i < countof(rules); i++) {
		const struct rule *r = &rules[i];

		if (r->from != reg->state || r->on != in->event)
			continue;
		reg->state = reg->home && r->to == MR_REG_WAITING ? MR_REG_RETURNING : r->to;
		r->act(reg, in);
		reg->ops->moved(reg->ctx, reg, r->from, r->on, in->now);
		return;
	}
}

/* ---- answers ---- */

/*
 * What becomes of a registration that was refused, by status (RFC 6275 11.7.3,
 * RFC 3963 5.4). One that is not here will not pass by waiting: stop.
 */
static const struct {
	uint8_t status;
	enum mr_reg_event event;
} fates[] = {
	{ MH_UNSPECIFIED, MR_REG_NAK_LATER },
	{ MH_NO_RESOURCES, MR_REG_NAK_LATER },
	{ MH_DAD_FAILED, MR_REG_NAK_BAR },
	{ MH_SEQUENCE, MR_REG_NAK_SEQUENCE },
};

static enum mr_reg_event
fate_of(uint8_t status)
{
	for (size_t i = 0; i < countof(fates); i++) {
		if (fates[i].status == status)
			return fates[i].event;
	}
	return MR_REG_NAK_STOP;
}

static const struct mr_reg_sent *
find_sent(const struct mr_reg *reg, uint16_t seq)
{
	for (unsigned i = reg->outstanding; i-- > 0;) {
		if (reg->out[i].seq == seq)
			return &reg->out[i];
	}
	return NULL;
}

static enum mr_reg_event
accepted(const struct mr_reg *reg, const struct mh *ba, const struct mr_reg_sent *sent,
    const struct tick *now)
{
	if (deregisters(reg))
		return MR_REG_ACK;
	if (!(ba->ba.flags & MH_BA_R))
		return MR_REG_ACK_UNROUTED;
	/* "Accepted" for no time at all, or answered too late to be of use. */
	if (mono_reached(now->now, mono_add_ms(sent->at, (int64_t)ba->ba.lifetime_s * 1000)))
		return MR_REG_NAK_LATER;
	return MR_REG_ACK;
}

bool
mr_reg_answer(struct mr_reg *reg, const struct mh *ba, const struct tick *now)
{
	struct input in = { .now = now, .ba = ba, .sent = find_sent(reg, ba->ba.seq) };

	assert(ba->type == MH_BA);
	if (reg->outstanding == 0)
		return false;
	/* RFC 6275 11.7.3 against itself: a 135 carries the home agent's number, not ours. */
	if (!in.sent && ba->ba.status != MH_SEQUENCE)
		return false;

	reg->last_status = ba->ba.status;
	reg->answered = true;
	in.event = ba->ba.status < MH_UNSPECIFIED ? accepted(reg, ba, in.sent, now)
						  : fate_of(ba->ba.status);
	step(reg, &in);
	return true;
}

/* ---- the rest of the interface ---- */

void
mr_reg_init(
    struct mr_reg *reg, const struct mr_reg_conf *conf, const struct mr_reg_ops *ops, void *ctx)
{
	*reg = (struct mr_reg){ .conf = conf,
		.ops = ops,
		.ctx = ctx,
		.due = MONO_NEVER,
		.expires = MONO_NEVER,
		.refresh = MONO_NEVER,
		.valid_until = MONO_NEVER,
		.asked = MONO_NEVER };
}

/* The other writer of state: a beginning, not a transition. */
void
mr_reg_resume(struct mr_reg *reg, const struct mr_reg_known *known, mono_t now)
{
	int64_t left_ms = mono_left_ms(now, known->expires);

	/* More left than was granted: of another boot's clock. */
	if (known->granted_s == 0 || left_ms == 0 || left_ms > (int64_t)known->granted_s * 1000 ||
	    !ip6_equal(&known->careof, &reg->careof) ||
	    !ip6_equal(&known->with.home_agent, &reg->with.home_agent))
		return;
	reg->state = MR_REG_BOUND;
	reg->expires = known->expires;
	reg->granted_s = known->granted_s;
}

void
mr_reg_word(struct mr_reg *reg, enum mr_reg_event word, const struct tick *now)
{
	struct input in = { .event = word, .now = now };

	assert(word <= MR_REG_PAUSE);
	/* Timers stood still while it was held; the binding did not. */
	if (reg->held && mono_reached(now->now, reg->expires))
		step(reg, &(struct input){ .event = MR_REG_EXPIRE, .now = now });
	if (word == MR_REG_ATTACH || word == MR_REG_DEREGISTER)
		reg->held = false;
	step(reg, &in);
}

/* The home agent will not have us, and nobody else has the Home Address. */
static bool
is_stopped(const struct mr_reg *reg)
{
	return reg->state == MR_REG_STOPPED || reg->state == MR_REG_UNROUTED;
}

static void
place(struct mr_reg *reg, const struct in6_addr *careof, bool home, const struct tick *now)
{
	if (ip6_equal(&reg->careof, careof) && reg->home == home)
		return;
	reg->careof = *careof;
	reg->home = home;
	/* Who has been refused needs nobody at home. */
	mr_reg_word(reg, home && is_stopped(reg) ? MR_REG_FORCE : MR_REG_MOVE, now);
}

void
mr_reg_switch(struct mr_reg *reg, const struct mr_reg_with *with, const struct tick *now)
{
	struct input in = { .event = MR_REG_SWITCH, .now = now };

	if (deregisters(reg))
		return;
	reg->with = *with;
	if (reg->rate.n > 0) /* whoever the last one was for */
		reg->not_before =
		    mono_add_ms(mr_rate_last(&reg->rate), reg->conf->first_timeout_ms);
	step(reg, &in);
}

void
mr_reg_careof(struct mr_reg *reg, const struct in6_addr *careof, const struct tick *now)
{
	place(reg, careof, false, now);
}

void
mr_reg_return(struct mr_reg *reg, const struct in6_addr *home_address, const struct tick *now)
{
	place(reg, home_address, true, now);
}

/* RFC 6275 11.7.1: at the slowest pace there was no answer either, and somebody else may. */
static bool
is_unanswered(const struct mr_reg *reg)
{
	return !deregisters(reg) && reg->wait_ms >= reg->conf->next_agent_ms &&
	       reg->ops->has_other(reg->ctx, reg);
}

void
mr_reg_tick(struct mr_reg *reg, const struct tick *now)
{
	struct input in = { .event = MR_REG_TIMER, .now = now };

	if (!mono_reached(now->now, mr_reg_due(reg)))
		return;
	if (mono_reached(now->now, reg->expires))
		step(reg, &(struct input){ .event = MR_REG_EXPIRE, .now = now });
	if (!mono_reached(now->now, reg->due))
		return;
	if (is_farewell(reg) && reg->sends >= MR_REG_FAREWELLS)
		in.event = MR_REG_GIVE_UP;
	else if (is_unanswered(reg))
		in.event = MR_REG_SILENT;
	step(reg, &in);
}

mono_t
mr_reg_due(const struct mr_reg *reg)
{
	if (reg->held)
		return MONO_NEVER;
	return mono_min(reg->due, reg->expires);
}

void
mr_reg_taken(
    struct mr_reg *reg, uint16_t seq, uint32_t lifetime_s, mono_t at, const struct tick *now)
{
	const struct mr_reg_sent sent = { .seq = seq, .lifetime_s = lifetime_s, .at = at };
	struct input in = { .event = MR_REG_TAKEN, .now = now, .sent = &sent };

	if (reg->state != MR_REG_IDLE) {
		mr_reg_word(reg, MR_REG_ATTACH, now);
		return;
	}
	reg->held = false;
	step(reg, &in);
}

bool
mr_reg_number(struct mr_reg *reg, const struct tick *now, uint16_t *ret_seq)
{
	if (mono_before(now->now, mr_rate_clear(&reg->rate, now->now)))
		return false;
	*ret_seq = mr_seq_next(&reg->seq, now->unix_ms);
	mr_rate_count(&reg->rate, now->now);
	return true;
}

void
mr_reg_learnt(struct mr_reg *reg, mono_t valid_until, const struct tick *now)
{
	reg->valid_until = valid_until;
	if (reg->state == MR_REG_BOUND && !reg->asking && !reg->held)
		reg->due = mono_before(reg->refresh, now->now) ? now->now : reg->refresh;
}

bool
mr_reg_is_limited(const struct mr_reg *reg, mono_t now)
{
	return lifetime_to_ask_for(reg, now) < reg->conf->lifetime_s;
}

bool
mr_reg_is_outstanding(const struct mr_reg *reg, uint16_t seq)
{
	return find_sent(reg, seq) != NULL;
}

const char *
mr_reg_state_name(enum mr_reg_state state)
{
	static const char *const names[MR_REG_STATES] = {
		[MR_REG_IDLE] = "idle",
		[MR_REG_WAITING] = "waiting",
		[MR_REG_BOUND] = "bound",
		[MR_REG_LAPSED] = "lapsed",
		[MR_REG_REFUSED] = "refused",
		[MR_REG_STOPPED] = "refused",
		[MR_REG_BARRED] = "refused",
		[MR_REG_UNROUTED] = "refused",
		[MR_REG_LEAVING] = "idle",
		[MR_REG_RETURNING] = "waiting",
		[MR_REG_HOME] = "home",
	};

	return state < MR_REG_STATES ? names[state] : "idle";
}
