-- Lets the SASL 2 modules of Debian's prosody-modules, which are written for a later Prosody, run on Prosody 0.12. For tests
-- on loopback.
module:set_global();

-- util.datetime of 0.12 takes no fractions of seconds
local datetime = require "util.datetime";
local whole = datetime.datetime;
function datetime.datetime(t)
	return whole(t and math.floor(t));
end

-- stanzas have no get_child_attr yet
local methods = getmetatable(require "util.stanza".stanza("x")).__index;
function methods:get_child_attr(name, xmlns, attr)
	local child = self:get_child(name, xmlns);
	return child and child.attr[attr];
end

-- connections do not pass the calls about TLS on to their sockets
local function teach(conn)
	local meta = conn and getmetatable(conn);
	local index = meta and meta.__index;
	if type(index) ~= "table" or index.ssl_info then
		return;
	end
	for ours, theirs in pairs({
		ssl_info = "info"; ssl_peerfinished = "getpeerfinished"; ssl_exportkeyingmaterial = "exportkeyingmaterial";
	}) do
		index[ours] = function (self, ...)
			local socket = self:socket();
			if socket and socket[theirs] then
				return socket[theirs](socket, ...);
			end
		end
	end
end

-- the event does not tell what the stream header says: from is looked for in the bytes
require "util.filters".add_filter_hook(function (session)
	if session.type ~= "c2s_unauthed" then
		return;
	end
	require "util.filters".add_filter(session, "bytes/in", function (data, origin)
		local from = data and origin.type == "c2s_unauthed" and data:match("<stream:stream[^>]-%sfrom=['\"]([^'\"<>]+)['\"]");
		if from then
			origin.header_from = from;
		end
		return data;
	end, 100);
end);

function module.add_host(host)
	host:hook("stream-features", function (event)
		teach(event.origin.conn);
		event.origin.base_type = event.origin.base_type or "c2s"; -- of BOSH sessions
		event.stream = event.stream or { from = event.origin.header_from, to = event.origin.host };
	end, 10000);
	-- mod_saslauth puts a handler of its own, which knows no channel binding, in the place of that of mod_sasl2, and
	-- mod_sasl2_fast looks for it there
	host:hook("stream-features", function (event)
		event.origin.sasl2_handler = event.origin.sasl_handler;
	end, 0.5);
	host:hook("stanza/urn:xmpp:sasl:2:authenticate", function (event)
		local origin = event.origin;
		if event.stanza:get_child("fast", "urn:xmpp:fast:0") and origin.sasl2_handler then
			origin.sasl_handler = origin.sasl2_handler;
		end
	end, 1000);
	-- mod_saslauth tells others of a login, and mod_sasl2 does not yet: stanzas would have to stay as short as before it
	host:hook("sasl2/c2s/success", function (event)
		host:fire_event("authentication-success", { session = event.session });
	end, 900);
end
