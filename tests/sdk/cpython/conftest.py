"""What runs on CPython alone meets the contract's gateway without a script in between."""

import pytest

from tests.support.contract_gateway import ContractGateway


@pytest.fixture
def books() -> ContractGateway:
    """Give a gateway without users."""
    return ContractGateway()
