"use strict";

// Nothing is asked of anybody else (no validator), and no key is kept when the page is closed.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#routes",
  validatorUrl: null,
  persistAuthorization: false,
  withCredentials: false,
  docExpansion: "list",
  deepLinking: false,
});
