// Module ids that do not depend on the folder of the checkout: the same source gives the same bytes.
module.exports = { optimization: { moduleIds: 'natural' } };
