/* ha_tell.c - see ha_tell.h. */
#include "had/ha_tell.h"

#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"

#define MODULE "bind"

/* What there is to say about each kind of event. */
static const struct {
	const char *name; /* of the log line and of the monitor's event */
	enum log_level level;
	bool monitored;
} kinds[] = {
	[HA_EV_REGISTERED] = { "registered", LOG_LEVEL_INFO, true },
	[HA_EV_REFRESHED] = { "refreshed", LOG_LEVEL_DEBUG, true },
	[HA_EV_MOVED] = { "moved", LOG_LEVEL_INFO, true },
	[HA_EV_DEREGISTERED] = { "deregistered", LOG_LEVEL_INFO, true },
	[HA_EV_EXPIRED] = { "expired", LOG_LEVEL_INFO, true },
	[HA_EV_DROPPED] = { "dropped", LOG_LEVEL_INFO, true },
	[HA_EV_REFUSED] = { "refused", LOG_LEVEL_INFO, true },
	[HA_EV_DISCARDED] = { "discarded", LOG_LEVEL_INFO, false },
};

json_t *
ha_json_addr(const struct in6_addr *a)
{
	char text[TEXT_ADDR_MAX];

	return json_string(text_addr(a, text));
}

json_t *
ha_json_prefixes(const struct ip6_prefix *v, size_t n)
{
	char text[TEXT_PREFIX_MAX];
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(text_prefix(&v[i], text)));
	return list;
}

/* "2001:db8:1::/64,2001:db8:2::/64", or "-" */
static const char *
prefixes_text(const struct ha_event *e, char buf[static MH_PREFIX_MAX * TEXT_PREFIX_MAX])
{
	size_t at = 0;

	strcpy(buf, "-");
	for (uint8_t i = 0; i < e->n && i < MH_PREFIX_MAX; i++) {
		char text[TEXT_PREFIX_MAX];

		at += (size_t)snprintf(buf + at, MH_PREFIX_MAX * TEXT_PREFIX_MAX - at, "%s%s",
		    i ? "," : "", text_prefix(&e->prefix[i], text));
	}
	return buf;
}

static void
log_binding(const struct ha_event *e)
{
	char hoa[TEXT_ADDR_MAX], coa[TEXT_ADDR_MAX], old[TEXT_ADDR_MAX];
	char prefixes[MH_PREFIX_MAX * TEXT_PREFIX_MAX];
	const char *name = kinds[e->kind].name;

	text_addr(&e->hoa, hoa);
	text_addr(&e->coa, coa);
	switch (e->kind) {
	case HA_EV_MOVED:
		log_line(kinds[e->kind].level, MODULE, name,
		    "hoa=%s coa=%s previous_coa=%s seq=%u lifetime_s=%u prefixes=%s", hoa, coa,
		    text_addr(&e->previous_coa, old), e->seq, e->lifetime_s,
		    prefixes_text(e, prefixes));
		return;
	case HA_EV_REGISTERED:
	case HA_EV_REFRESHED:
		log_line(kinds[e->kind].level, MODULE, name,
		    "hoa=%s coa=%s seq=%u lifetime_s=%u prefixes=%s", hoa, coa, e->seq,
		    e->lifetime_s, prefixes_text(e, prefixes));
		return;
	case HA_EV_DROPPED:
		log_line(kinds[e->kind].level, MODULE, name, "hoa=%s coa=%s reason=%s", hoa, coa,
		    e->reason < HA_REASONS ? ha_reason_name(e->reason) : "command");
		return;
	case HA_EV_DEREGISTERED:
	case HA_EV_EXPIRED:
		log_line(
		    kinds[e->kind].level, MODULE, name, "hoa=%s coa=%s seq=%u", hoa, coa, e->seq);
		return;
	case HA_EV_REFUSED:
	case HA_EV_DISCARDED:
		return;
	}
}

static void
log_message(const struct ha_event *e)
{
	char hoa[TEXT_ADDR_MAX], coa[TEXT_ADDR_MAX], from[TEXT_ADDR_MAX];
	char prefixes[MH_PREFIX_MAX * TEXT_PREFIX_MAX];

	if (e->kind == HA_EV_REFUSED)
		log_limited(kinds[e->kind].level, MODULE, kinds[e->kind].name,
		    "hoa=%s coa=%s from=%s reason=%s status=%u seq=%u prefixes=%s",
		    text_addr(&e->hoa, hoa), text_addr(&e->coa, coa), text_addr(&e->from, from),
		    ha_reason_name(e->reason), e->status, e->seq, prefixes_text(e, prefixes));
	else
		log_limited(kinds[e->kind].level, MODULE, kinds[e->kind].name,
		    "from=%s hoa=%s reason=%s", text_addr(&e->from, from), text_addr(&e->hoa, hoa),
		    ha_reason_name(e->reason));
}

static json_t *
event_json(const struct ha_event *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "hoa", ha_json_addr(&e->hoa));
	json_object_set_new(o, "coa", ha_json_addr(&e->coa));
	if (e->kind == HA_EV_MOVED)
		json_object_set_new(o, "previous_coa", ha_json_addr(&e->previous_coa));
	json_object_set_new(o, "seq", json_integer(e->seq));
	if (e->kind == HA_EV_REFUSED)
		json_object_set_new(o, "status", json_integer(e->status));
	if (e->kind == HA_EV_REFUSED || e->kind == HA_EV_DROPPED)
		json_object_set_new(o, "reason",
		    e->reason < HA_REASONS ? json_string(ha_reason_name(e->reason))
					   : json_string("command"));
	json_object_set_new(o, "lifetime_s", json_integer(e->lifetime_s));
	json_object_set_new(o, "prefixes", ha_json_prefixes(e->prefix, e->n));
	return o;
}

void
ha_tell(struct ctl *ctl, const struct ha_event *e)
{
	if (e->kind == HA_EV_REFUSED || e->kind == HA_EV_DISCARDED)
		log_message(e);
	else
		log_binding(e);
	if (ctl && kinds[e->kind].monitored && ctl_is_monitored(ctl))
		ctl_event(ctl, kinds[e->kind].name, event_json(e));
}
