/* ha_reason.c - see ha_reason.h. */
#include "had/ha_reason.h"

#include <assert.h>

static const struct {
	const char *name;
	int status;
} rows[HA_REASONS] = {
	[HA_REGISTERED] = { "bu-registered", MH_ACCEPTED },
	[HA_REFRESHED] = { "bu-refreshed", MH_ACCEPTED },
	[HA_MOVED] = { "bu-moved", MH_ACCEPTED },
	[HA_DEREGISTERED] = { "bu-deregistered", MH_ACCEPTED },
	[HA_ASKED] = { "asked", MH_ACCEPTED },

	[HA_SEQUENCE] = { "bu-sequence", MH_SEQUENCE },
	[HA_TYPE_CHANGE] = { "bu-type-change", MH_TYPE_CHANGE },
	[HA_ROUTER_CHANGE] = { "bu-router-change", MH_TYPE_CHANGE },
	[HA_NOT_AN_AGENT] = { "bu-not-an-agent", MH_HOME_UNSUPPORTED },
	[HA_NOT_SERVED] = { "bu-not-served", MH_NOT_HOME_SUBNET },
	[HA_NO_HOME_OPTION] = { "bu-no-home-option", MH_UNSPECIFIED },
	[HA_ROUTER_WITHOUT_HOME] = { "bu-router-without-home", MH_ROUTER_NOT_PERMITTED },
	[HA_NO_ROUTERS] = { "bu-no-routers", MH_ROUTER_NOT_PERMITTED },
	[HA_NO_BINDING] = { "bu-no-binding", MH_NOT_HOME_AGENT },
	[HA_FOREIGN_CAREOF] = { "bu-foreign-careof", MH_NOT_HOME_AGENT },
	[HA_CAREOF_LOOP] = { "bu-careof-loop", MH_INVALID_COA },
	[HA_PREFIX_FORM] = { "bu-prefix-form", MH_INVALID_PREFIX },
	[HA_PREFIX_OVERLAP] = { "bu-prefix-overlap", MH_INVALID_PREFIX },
	[HA_NOT_AUTHORIZED] = { "bu-not-authorized", MH_NOT_AUTHORIZED },
	[HA_PREFIX_TAKEN] = { "bu-prefix-taken", MH_NOT_AUTHORIZED },
	[HA_HOME_TAKEN] = { "bu-home-taken", MH_PROHIBITED },
	[HA_NO_PREFIX] = { "bu-no-prefix", MH_FORWARDING_FAILED },
	[HA_FULL] = { "bu-full", MH_NO_RESOURCES },
	[HA_KERNEL] = { "bu-kernel", MH_INVALID_PREFIX },
	[HA_MEMORY] = { "bu-memory", MH_NO_RESOURCES },
	[HA_AUTHENTICATION] = { "bu-authentication", MH_AUTH_FAIL },
	[HA_DUPLICATE] = { "bu-duplicate", MH_DAD_FAILED },
	[HA_TESTS_FULL] = { "bu-tests-full", MH_NO_RESOURCES },

	[HA_UNAUTHENTICATED] = { "bu-unauthenticated", HA_SILENT },
	[HA_HOME_ADDRESS] = { "bu-home-address", HA_SILENT },
	[HA_SOURCE] = { "bu-source", HA_SILENT },
	[HA_CAREOF] = { "bu-careof", HA_SILENT },
	[HA_NONCE] = { "bu-nonce", HA_SILENT },
	[HA_CORRESPONDENT] = { "bu-correspondent", HA_SILENT },
	[HA_MALFORMED] = { "mh-malformed", HA_SILENT },
	[HA_NOT_FOR_US] = { "mh-not-for-us", HA_SILENT },

	[HA_WAITING] = { "bu-waiting", HA_SILENT },
	[HA_CLAIMED] = { "nd-claimed", HA_SILENT },
	[HA_ND_MALFORMED] = { "nd-malformed", HA_SILENT },

	[HA_UNKNOWN_TYPE] = { "mh-unknown-type", HA_SILENT },
	[HA_BAD_HEADER] = { "mh-bad-header", HA_SILENT },
	[HA_NO_HAO_BINDING] = { "hao-no-binding", HA_SILENT },
};

const char *
ha_reason_name(enum ha_reason r)
{
	assert(r < HA_REASONS);
	return rows[r].name;
}

int
ha_reason_status(enum ha_reason r)
{
	assert(r < HA_REASONS);
	return rows[r].status;
}
