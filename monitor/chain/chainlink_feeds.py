"""Chainlink's feeds on each chain, and the tokens they are known to price.

Proxies are those Aave's published address book lists (2026-05-01). Tokens are matched
by address alone: anyone may call a token USDC. A bridged double such as USDC.e is
another asset than what its feed watches, and is priced where the settings say so.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

_Feeds: TypeAlias = Mapping[int, Mapping[str, str]]
_Routes: TypeAlias = Mapping[int, Mapping[str, tuple[str, ...]]]
_Seconds: TypeAlias = Mapping[int, Mapping[str, int]]

NATIVE: Final = "0x0000000000000000000000000000000000000000"
"""How Uniswap v4 spells a chain's own coin."""

FEEDS: Final[_Feeds] = MappingProxyType(
    {
        1: {  # Ethereum
            "ETH/USD": "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
            "BTC/USD": "0xF4030086522a5bEEa4988F8cA5B36dbC97BeE88c",
            "WBTC/BTC": "0xfdFD9C85aD200c506Cf9e21F1FD8dd01932FBB23",
            "cbBTC/USD": "0x2665701293fCbEB223D11A08D826563EDcCE423A",
            "USDC/USD": "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
            "USDT/USD": "0x3E7d1eAB13ad0104d2750B8863b489D65364e32D",
            "DAI/USD": "0xAed0c38402a5d19df6E4c03F4E2DceD6e29c1ee9",
            "MATIC/USD": "0x7bAC85A8a13A4BcD8abb3eB7d6b4d632c5a57676",
            "BNB/USD": "0x14e613AC84a31f709eadbdF89C6CC390fDc9540A",
            "AVAX/USD": "0xFF3EEb22B5E3dE6e705b44749C2559d704923FD7",
            "ARB/USD": "0x31697852a68433DbCc2Ff612c516d69E3D9bd08F",
            "STETH/USD": "0xCfE54B5cD566aB89272946F602D76Ea879CAb4a8",
            "STETH/ETH": "0x86392dC19c0b719886221c78AB11eb8Cf5c52812",
            "LINK/USD": "0x2c1d072e956AFFC0D435Cb7AC38EF18d24d9127c",
            "UNI/USD": "0x553303d460EE0afB37EdFf9bE42922D8FF63220e",
            "EUR/USD": "0xb49f677943BC038e9857d61E7d053CaA2C1734C1",
        },
        10: {  # Optimism
            "ETH/USD": "0x13e3Ee699D1909E989722E753853AE30b17e08c5",
            "BTC/USD": "0xD702DD976Fb76Fffc2D3963D037dfDae5b04E593",
            "WBTC/USD": "0x718A5788b89454aAE3A028AE9c111A29Be6c2a6F",
            "USDC/USD": "0x16a9FA2FDa030272Ce99B29CF780dFA30361E0f3",
            "USDT/USD": "0xECef79E109e997bCA29c1c0897ec9d7b03647F5E",
            "DAI/USD": "0x8dBa75e83DA73cc766A7e5a0ee71F656BAb470d6",
            "POL/USD": "0x22Ba046769b584c3B05530F7c50d0E8638bd71F1",
            "BNB/USD": "0xD38579f7cBD14c22cF1997575eA8eF7bfe62ca2c",
            "CELO/USD": "0x5A9072a995E072fD06D8f1EB95933955FDa53C0a",
            "AVAX/USD": "0x5087Dc69Fd3907a016BD42B38022F7f024140727",
            "ARB/USD": "0x8f14546d0B960793180ee355B73fA55041a4a356",
            "OP/USD": "0x0D276FC14719f9292D5C1eA2198673d1f4269246",
            "STETH/USD": "0x41878779a388585509657CE5Fb95a80050502186",
            "STETH/ETH": "0x14d2d3a82AeD4019FddDfe07E8bdc485fb0d2249",
            "WSTETH/ETH": "0x524299Ab0987a7c4B3c8022a35669DdcdC715a10",
            "LINK/USD": "0xCc232dcFAAE6354cE191Bd574108c1aD03f86450",
            "UNI/USD": "0x11429eE838cC01071402f21C219870cbAc0a59A0",
            "EUR/USD": "0x3626369857A10CcC6cc3A6e4f5C2f5984a519F20",
        },
        56: {  # BNB Smart Chain
            "ETH/USD": "0x9ef1B8c0E4F7dc8bF5719Ea496883DC6401d5b2e",
            "BTC/USD": "0x264990fbd0A4796A3E3d8E37C4d5F87a3aCa5Ebf",
            "USDC/USD": "0x51597f405303C4377E36123cBc172b13269EA163",
            "USDT/USD": "0xB97Ad0E74fa7d920791E90258A6E2085088b4320",
            "DAI/USD": "0x132d3C0B1D2cEa0BC552588063bdBb210FDeecfA",
            "POL/USD": "0x081195B56674bb87b2B92F6D58F7c5f449aCE19d",
            "BNB/USD": "0x0567F2323251f0Aab15c8dFb1967E4e8A7D42aeE",
            "AVAX/USD": "0x5974855ce31EE8E1fff2e76591CbF83D7110F151",
            "LINK/USD": "0xca236E327F629f9Fc2c30A4E95775EbF0B89fac8",
            "UNI/USD": "0xb57f259E7C24e56a1dA00F66b55A5640d9f9E7e4",
            "EUR/USD": "0x0bf79F617988C472DcA68ff41eFe1338955b9A80",
        },
        137: {  # Polygon
            "ETH/USD": "0xF9680D99D6C9589e2a93a78A04A279e509205945",
            "BTC/USD": "0xc907E116054Ad103354f2D350FD2514433D57F6f",
            "WBTC/USD": "0xDE31F8bFBD8c84b5360CFACCa3539B938dd78ae6",
            "USDC/USD": "0xfE4A8cc5b5B2366C1B58Bea3858e81843581b2F7",
            "USDT/USD": "0x0A6513e40db6EB1b165753AD52E80663aeA50545",
            "DAI/USD": "0x4746DeC9e833A82EC7C2C1356372CcF2cfcD2F3D",
            "MATIC/USD": "0xAB594600376Ec9fD91F8e885dADF0CE036862dE0",
            "BNB/USD": "0x82a6c4AF830caa6c97bb504425f6A66165C2c26e",
            "AVAX/USD": "0xe01eA2fbd8D76ee323FbEd03eB9a8625EC981A10",
            "WSTETH/ETH": "0x10f964234cae09cB6a9854B56FF7D4F38Cda5E6a",
            "LINK/USD": "0xd9FFdb71EbE7496cC440152d43986Aae0AB76665",
            "UNI/USD": "0xdf0Fb4e4F928d2dCB76f438575fDD8682386e13C",
            "EUR/USD": "0x73366Fe0AA0Ded304479862808e02506FE556a98",
        },
        8453: {  # Base
            "ETH/USD": "0x71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70",
            "BTC/USD": "0x64c911996D3c6aC71f9b455B1E8E7266BcbD848F",
            "WBTC/USD": "0xCCADC697c55bbB68dc5bCdf8d3CBe83CdD4E071E",
            "cbBTC/USD": "0x07DA0E54543a844a80ABE69c8A12F22B3aA59f9D",
            "USDC/USD": "0x7e860098F58bBFC8648a4311b374B1D669a2bc6B",
            "USDT/USD": "0xf19d560eB8d2ADf07BD6D13ed03e1D11215721F9",
            "DAI/USD": "0x591e79239a7d679378eC8c847e5038150364C78F",
            "POL/USD": "0x5E988c11a4f92155C30D9fb69Ed75597f712B113",
            "BNB/USD": "0x4b7836916781CAAfbb7Bd1E5FDd20ED544B453b1",
            "AVAX/USD": "0xE70f2D34Fd04046aaEC26a198A35dD8F2dF5cd92",
            "OP/USD": "0x3E3A6bD129A63564FE7abde85FA67c3950569060",
            "STETH/ETH": "0xf586d0728a47229e747d824a939000Cf21dEF5A0",
            "WSTETH/ETH": "0x43a5C292A453A3bF3606fa856197f09D7B74251a",
            "LINK/USD": "0x17CAb8FE31E32f08326e5E27412894e49B0f9D65",
            "EUR/USD": "0xc91D87E81faB8f93699ECf7Ee9B44D11e1D53F0F",
        },
        42_161: {  # Arbitrum
            "ETH/USD": "0x639Fe6ab55C921f74e7fac1ee960C0B6293ba612",
            "BTC/USD": "0x6ce185860a4963106506C203335A2910413708e9",
            "WBTC/USD": "0xd0C7101eACbB49F3deCcCc166d238410D6D46d57",
            "WBTC/BTC": "0x0017abAc5b6f291F9164e35B1234CA1D697f9CF4",
            "USDC/USD": "0x50834F3163758fcC1Df9973b6e91f0F0F0434aD3",
            "USDT/USD": "0x3f3f5dF88dC9F13eac63DF89EC16ef6e7E25DdE7",
            "DAI/USD": "0xc5C8E77B397E531B8EC06BFb0048328B30E9eCfB",
            "POL/USD": "0x82BA56a2fADF9C14f17D08bc51bDA0bDB83A8934",
            "BNB/USD": "0x6970460aabF80C5BE983C6b74e5D06dEDCA95D4A",
            "AVAX/USD": "0x8bf61728eeDCE2F32c456454d87B5d6eD6150208",
            "ARB/USD": "0xb2A824043730FE05F3DA2efaFa1CBbe83fa548D6",
            "OP/USD": "0x205aaD468a11fd5D34fA7211bC6Bad5b3deB9b98",
            "STETH/USD": "0x07C5b924399cc23c24a95c8743DE4006a32b7f2a",
            "STETH/ETH": "0xded2c52b75B24732e9107377B7Ba93eC1fFa4BAf",
            "WSTETH/ETH": "0xb523AE262D20A936BC152e6023996e46FDC2A95D",
            "LINK/USD": "0x86E53CF1B870786351Da77A57575e79CB55812CB",
            "UNI/USD": "0x9C917083fDb403ab5ADbEC26Ee294f6EcAda2720",
            "EUR/USD": "0xA14d53bC1F1c0F31B4aA3BD109344E5009051a84",
        },
        42_220: {  # Celo
            "ETH/USD": "0x1FcD30A73D67639c1cD89ff5746E7585731c083B",
            "BTC/USD": "0x128fE88eaa22bFFb868Bb3A584A54C96eE24014b",
            "USDC/USD": "0xc7A353BaE210aed958a1A2928b654938EC59DaB2",
            "USDT/USD": "0x5e37AF40A7A344ec9b03CCD34a250F3dA9a20B02",
            "CELO/USD": "0x0568fD19986748cEfF3301e55c0eb1E729E0Ab7e",
            "LINK/USD": "0x6b6a4c71ec3858A024f3f0Ee44bb0AdcBEd3DcC2",
            "EUR/USD": "0x3D207061Dbe8E2473527611BFecB87Ff12b28dDa",
        },
        43_114: {  # Avalanche
            "ETH/USD": "0x976B3D034E162d8bD72D6b9C989d545b839003b0",
            "BTC/USD": "0x2779D32d5166BAaa2B2b658333bA7e6Ec0C65743",
            "WBTC/USD": "0x86442E3a98558357d46E6182F4b262f76c4fa26F",
            "USDC/USD": "0xF096872672F44d6EBA71458D74fe67F9a77a23B9",
            "USDT/USD": "0xEBE676ee90Fe1112671f19b6B7459bC678B67e8a",
            "DAI/USD": "0x51D7180edA2260cc4F6e4EebB82FEF5c3c2B8300",
            "POL/USD": "0x7B0e7d292d414788B080EfCa58b04B6372789639",
            "BNB/USD": "0xBb92195Ec95DE626346eeC8282D53e261dF95241",
            "AVAX/USD": "0x0A77230d17318075983913bC2145DB16C7366156",
            "ARB/USD": "0xd99bcAdbE216D82f4B77eC54a99ea1b6bA96549b",
            "WSTETH/ETH": "0xCF60B4E089eA1ABA29C01b017b38c2f7D69Eb36B",
            "LINK/USD": "0x49ccd9ca821EfEab2b98c60dC60F518E765EDe9a",
            "UNI/USD": "0x9a1372f9b1B71B3A5a72E092AE67E172dBd7Daaa",
            "EUR/USD": "0x192f2DBA961Bb0277520C082d6bfa87D5961333E",
        },
    }
)

TOKENS: Final[_Routes] = MappingProxyType(
    {
        1: {
            NATIVE: ("ETH/USD",),
            "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2": ("ETH/USD",),  # WETH
            "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48": ("USDC/USD",),  # USDC
            "0xdAC17F958D2ee523a2206206994597C13D831ec7": ("USDT/USD",),  # USDT
            "0x6B175474E89094C44Da98b954EedeAC495271d0F": ("DAI/USD",),  # DAI
            "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599": ("WBTC/BTC", "BTC/USD"),  # WBTC
            "0xcbB7C0000aB88B473b1f5aFd9ef808440eed33Bf": ("cbBTC/USD",),  # cbBTC
            "0x514910771AF9Ca656af840dff83E8264EcF986CA": ("LINK/USD",),  # LINK
            "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984": ("UNI/USD",),  # UNI
        },
        10: {
            NATIVE: ("ETH/USD",),
            "0x4200000000000000000000000000000000000006": ("ETH/USD",),  # WETH
            "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85": ("USDC/USD",),  # USDC
            "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58": ("USDT/USD",),  # USDT
            "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1": ("DAI/USD",),  # DAI
            "0x68f180fcCe6836688e9084f035309E29Bf0A2095": ("WBTC/USD",),  # WBTC
            "0x4200000000000000000000000000000000000042": ("OP/USD",),  # OP
            "0x1F32b1c2345538c0c6f582fCB022739c4A194Ebb": ("WSTETH/ETH", "ETH/USD"),  # wstETH
            "0x350a791Bfc2C21F9Ed5d10980Dad2e2638ffa7f6": ("LINK/USD",),  # LINK
        },
        56: {
            NATIVE: ("BNB/USD",),
            "0xbb4CdB9CBd36B01bD1cBaEBF2De08d9173bc095c": ("BNB/USD",),  # WBNB
            "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d": ("USDC/USD",),  # USDC
            "0x55d398326f99059fF775485246999027B3197955": ("USDT/USD",),  # USDT
            "0x1AF3F329e8BE154074D8769D1FFa4eE058B1DBc3": ("DAI/USD",),  # DAI
            "0x2170Ed0880ac9A755fd29B2688956BD959F933F8": ("ETH/USD",),  # ETH
            "0x7130d2A12B9BCbFAe4f2634d864A1Ee1Ce3Ead9c": ("BTC/USD",),  # BTCB
        },
        137: {
            NATIVE: ("MATIC/USD",),
            "0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270": ("MATIC/USD",),  # WPOL
            "0x7ceB23fD6bC0adD59E62ac25578270cFf1b9f619": ("ETH/USD",),  # WETH
            "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359": ("USDC/USD",),  # USDC
            "0xc2132D05D31c914a87C6611C10748AEb04B58e8F": ("USDT/USD",),  # USDT
            "0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063": ("DAI/USD",),  # DAI
            "0x1BFD67037B42Cf73acF2047067bd4F2C47D9BfD6": ("WBTC/USD",),  # WBTC
            "0x03b54A6e9a984069379fae1a4fC4dBAE93B3bCCD": ("WSTETH/ETH", "ETH/USD"),  # wstETH
            "0x53E0bca35eC356BD5ddDFebbD1Fc0fD03FaBad39": ("LINK/USD",),  # LINK
        },
        8453: {
            NATIVE: ("ETH/USD",),
            "0x4200000000000000000000000000000000000006": ("ETH/USD",),  # WETH
            "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913": ("USDC/USD",),  # USDC
            "0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb": ("DAI/USD",),  # DAI
            "0xcbB7C0000aB88B473b1f5aFd9ef808440eed33Bf": ("cbBTC/USD",),  # cbBTC
            "0xc1CBa3fCea344f92D9239c08C0568f6F2F0ee452": ("WSTETH/ETH", "ETH/USD"),  # wstETH
        },
        42_161: {
            NATIVE: ("ETH/USD",),
            "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1": ("ETH/USD",),  # WETH
            "0xaf88d065e77c8cC2239327C5EDb3A432268e5831": ("USDC/USD",),  # USDC
            "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9": ("USDT/USD",),  # USDT
            "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1": ("DAI/USD",),  # DAI
            "0x2f2a2543B76A4166549F7aaB2e75Bef0aefC5B0f": ("WBTC/USD",),  # WBTC
            "0x912CE59144191C1204E64559FE8253a0e49E6548": ("ARB/USD",),  # ARB
            "0x5979D7b546E38E414F7E9822514be443A4800529": ("WSTETH/ETH", "ETH/USD"),  # wstETH
            "0xf97f4df75117a78c1A5a0DBb814Af92458539FB4": ("LINK/USD",),  # LINK
        },
        42_220: {
            NATIVE: ("CELO/USD",),
            "0x471EcE3750Da237f93B8E339c536989b8978a438": ("CELO/USD",),  # CELO
            "0xcebA9300f2b948710d2653dD7B07f33A8B32118C": ("USDC/USD",),  # USDC
            "0x48065fbBE25f71C9282ddf5e1cD6D6A887483D5e": ("USDT/USD",),  # USDT
        },
        43_114: {
            NATIVE: ("AVAX/USD",),
            "0xB31f66AA3C1e785363F0875A1B74E27b85FD66c7": ("AVAX/USD",),  # WAVAX
            "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E": ("USDC/USD",),  # USDC
            "0x9702230A8Ea53601f5cD2dc00fDBc13d4dF4A8c7": ("USDT/USD",),  # USDT
            "0x49D5c2BdFfac6CE2BFdB6640F4F80f226bc10bAB": ("ETH/USD",),  # WETH.e
            "0x50b7545627a5162F82A992c33b87aDc75187B218": ("WBTC/USD",),  # WBTC.e
            "0x152b9d0FdC40C096757F570A51E494bd4b943E50": ("BTC/USD",),  # BTC.b
        },
    }
)
"""What prices a token: a feed in dollars, or feeds to multiply, the last in dollars."""

HEARTBEATS_S: Final[_Seconds] = MappingProxyType(
    {
        1: {
            "ETH/USD": 3600,
            "BTC/USD": 3600,
            "LINK/USD": 3600,
            "DAI/USD": 3600,
            "USDC/USD": 86_400,
            "USDT/USD": 86_400,
        },
        10: {"ETH/USD": 1200, "BTC/USD": 1200, "USDC/USD": 86_400},
        8453: {"ETH/USD": 1200, "BTC/USD": 1200, "USDC/USD": 86_400},
    }
)
"""Longest pause a feed is documented to make. They differ by feed and by chain."""

DOLLARS: Final = frozenset({"USDC/USD", "USDT/USD", "DAI/USD"})
ASSUMED_S: Final = 3600
ASSUMED_QUIET_S: Final = 86_400
"""For feeds not in HEARTBEATS_S: an hour; a day for dollar coins and for rates of one
asset in another, which move little and are written once a day. What is refused for
one of these says that it was assumed."""

SEQUENCERS: Final = MappingProxyType(
    {
        10: "0x371EAD81c9102C9BF4874A9075FFFf170F2Ee389",
        8453: "0xBCF85224fc0756B9Fa45aA7892530B47e10b6433",
        42_161: "0xFdB631F5EE196F0ed6FAa767959853A9F217697D",
    }
)
"""Chainlink's uptime feed of a rollup's sequencer."""
